//! TranslateText: which language, which engine, the user's terms, and what the settings changed.

use std::sync::Arc;

use kogumo_door::{Context, Settings};
use kogumo_model::translate::{
    AppliedTerminology, DETECTED_LANGUAGE_LOW_CONFIDENCE_EXCEPTION, DetectedLanguageLowConfidenceException,
    INVALID_REQUEST_EXCEPTION, RESOURCE_NOT_FOUND_EXCEPTION, SERVICE_UNAVAILABLE_EXCEPTION,
    TEXT_SIZE_LIMIT_EXCEEDED_EXCEPTION, Term, TranslateTextRequest, TranslateTextResponse, TranslationSettings,
    UNSUPPORTED_LANGUAGE_PAIR_EXCEPTION,
};
use kogumo_translation::{Dictionary, Engine, Failure, LibreTranslate, detect, terminology as terms};
use kogumo_wire::Fault;

use crate::languages::is_supported;
use crate::profanity::masked;
use crate::terminology::{TERMINOLOGIES, Terminology};

/// The longest text, in bytes of UTF-8.
const LONGEST_TEXT: usize = 10_000;

/// At most so many applied terms are listed in an answer.
const LISTED_TERMS: usize = 250;

pub async fn translate_text(cx: Context, input: TranslateTextRequest) -> Result<TranslateTextResponse, Fault> {
    let size = input.text.len();
    if size > LONGEST_TEXT {
        return Err(TEXT_SIZE_LIMIT_EXCEEDED_EXCEPTION.because(format!(
            "Input text size exceeds limit. Max length of request text allowed is {LONGEST_TEXT} bytes while in this \
             request the text size is {size} bytes"
        )));
    }
    let target = input.target_language_code.clone();
    let source = match input.source_language_code.as_str() {
        "auto" => detected(&cx, &input.text).await?,
        code => code.to_owned(),
    };
    if !is_supported(&source) || !is_supported(&target) {
        return Err(unsupported(&source, &target));
    }
    let terminology = find_terminology(&cx, input.terminology_names.as_deref().unwrap_or_default())?;
    let pairs = terminology.as_ref().map(|found| found.terms(&source, &target)).unwrap_or_default();
    let masked_text = terms::mask(&input.text, &pairs);

    let work = Work { text: masked_text.text.clone(), source: source.clone(), target: target.clone() };
    let settings = cx.cloud.settings.clone();
    let done = run_aside(move || translate(&settings, &work)).await?;
    let (translated, engine) = done.map_err(|failure| refused(failure, &source, &target))?;
    tracing::info!(engine = %engine, "translated {size} bytes from {source} to {target}");

    let mut text = terms::unmask(&translated, &masked_text.found);
    let applied_settings = input.settings.map(|wanted| {
        let applied = applied(&wanted, &target, &engine);
        if applied.profanity.is_some() {
            text = masked(&text);
        }
        applied
    });
    let used = masked_text.found.iter().take(LISTED_TERMS);
    let used = used.map(|term| Term { source_text: Some(term.source.clone()), target_text: Some(term.target.clone()) });
    Ok(TranslateTextResponse {
        translated_text: text,
        source_language_code: source,
        target_language_code: target,
        applied_terminologies: terminology
            .as_ref()
            .map(|found| vec![AppliedTerminology { name: Some(found.name.clone()), terms: Some(used.collect()) }]),
        applied_settings,
    })
}

/// What an engine is to do.
struct Work {
    text: String,
    source: String,
    target: String,
}

/// Asks the neural engine first, if one is set; the dictionary steps in when that one fails or does not know the pair.
/// Answers the text and the name of the engine that spoke.
fn translate(settings: &Settings, work: &Work) -> Result<(String, String), Failure> {
    let Work { text, source, target } = work;
    let neural = settings.translate_url.as_deref().map(|url| LibreTranslate::new(url, None));
    let dictionary = Dictionary;
    let mut failure = Failure::UnsupportedPair;
    if let Some(neural) = neural.filter(|_| source != target) {
        match neural.translate(text, source, target) {
            Ok(translated) => return Ok((translated, neural.name().to_owned())),
            Err(failed) => failure = failed,
        }
    }
    if dictionary.supports(source, target) {
        if let Failure::Trouble(trouble) = failure {
            tracing::warn!("{trouble}; the dictionary translates instead");
        }
        return Ok((dictionary.translate(text, source, target)?, dictionary.name().to_owned()));
    }
    Err(failure)
}

/// Engines compute, or wait for another machine: neither may hold up the other calls.
async fn run_aside<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Result<R, Fault> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.map_err(|error| kogumo_base::Trouble::from_cause("a translation broke off", error).into())
}

async fn detected(cx: &Context, text: &str) -> Result<String, Fault> {
    let owned = text.to_owned();
    let found = run_aside(move || detect(&owned)).await?;
    tracing::debug!(request = %cx.caller.request_id, "detected {found:?}");
    found.map(str::to_owned).ok_or_else(|| {
        Fault::with_fields(
            &DETECTED_LANGUAGE_LOW_CONFIDENCE_EXCEPTION,
            "The confidence that the source language was detected accurately is low. Specify the source language.",
            DetectedLanguageLowConfidenceException { detected_language_code: None },
        )
    })
}

/// The one terminology that a request may name.
fn find_terminology(cx: &Context, names: &[String]) -> Result<Option<Arc<Terminology>>, Fault> {
    let name = match names {
        [] => return Ok(None),
        [name] => name,
        _ => return Err(INVALID_REQUEST_EXCEPTION.because("Only one terminology can be used in a request.")),
    };
    let found = TERMINOLOGIES.get(&cx.snapshot(), cx.scope(), name.as_str())?;
    let found = found.ok_or_else(|| RESOURCE_NOT_FOUND_EXCEPTION.because(format!("Terminology {name} not found")))?;
    Ok(Some(Arc::new(found)))
}

/// The settings that really changed something: AWS ignores those that a language or pair does not know, and says so by
/// leaving them out. The dictionary's Japanese is polite speech; a neural engine takes no settings.
fn applied(wanted: &TranslationSettings, target: &str, engine: &str) -> TranslationSettings {
    let polite = target == "ja" && engine == Dictionary.name();
    TranslationSettings {
        formality: wanted.formality.clone().filter(|formality| polite && formality == "FORMAL"),
        profanity: wanted.profanity.clone().filter(|_| target == "en"),
        brevity: None,
    }
}

fn refused(failure: Failure, source: &str, target: &str) -> Fault {
    match failure {
        Failure::UnsupportedPair => unsupported(source, target),
        Failure::Trouble(trouble) => {
            tracing::error!("{trouble}");
            SERVICE_UNAVAILABLE_EXCEPTION.because("The translation engine is not available. Try again later.")
        }
    }
}

fn unsupported(source: &str, target: &str) -> Fault {
    UNSUPPORTED_LANGUAGE_PAIR_EXCEPTION.because(format!("Unsupported language pair: {source} to {target}."))
}

#[cfg(test)]
mod tests {
    use kogumo_model::translate::TranslateText;
    use kogumo_testkit::{cloud, root};

    use super::*;

    fn request(text: &str, source: &str, target: &str) -> TranslateTextRequest {
        TranslateTextRequest {
            text: text.into(),
            source_language_code: source.into(),
            target_language_code: target.into(),
            ..TranslateTextRequest::default()
        }
    }

    async fn answer(input: TranslateTextRequest) -> Result<TranslateTextResponse, Fault> {
        let cloud = cloud(vec![crate::service()])?;
        root(&cloud).call::<TranslateText>(input).await
    }

    #[tokio::test]
    async fn the_articles_text_is_translated() -> Result<(), Fault> {
        let answer = answer(request("こんにちは", "ja", "en")).await?;
        assert_eq!(answer.translated_text, "Hello");
        assert_eq!((answer.source_language_code.as_str(), answer.target_language_code.as_str()), ("ja", "en"));
        Ok(())
    }

    #[tokio::test]
    async fn auto_says_what_it_found() -> Result<(), Fault> {
        let answer = answer(request("Good morning.", "auto", "ja")).await?;
        assert_eq!(answer.translated_text, "おはよう。");
        assert_eq!(answer.source_language_code, "en");
        Ok(())
    }

    #[tokio::test]
    async fn what_cannot_be_done_is_refused() {
        let failed = |answer: Result<TranslateTextResponse, Fault>| answer.err().map(|fault| fault.to_string());
        assert_eq!(
            failed(answer(request("こんにちは", "ja", "fr")).await).as_deref(),
            Some("UnsupportedLanguagePairException: Unsupported language pair: ja to fr.")
        );
        assert!(
            failed(answer(request("こんにちは", "ja", "xx")).await).is_some_and(|why| why.starts_with("Unsupported"))
        );
        let long = failed(answer(request(&"あ".repeat(3334), "ja", "en")).await);
        assert!(
            long.is_some_and(|why| why.starts_with("TextSizeLimitExceededException") && why.contains("10002 bytes"))
        );
        assert!(
            failed(answer(request("...", "auto", "en")).await).is_some_and(|why| why.starts_with("DetectedLanguage"))
        );
    }

    #[tokio::test]
    async fn only_settings_that_act_are_called_applied() -> Result<(), Fault> {
        let settings = TranslationSettings {
            formality: Some("INFORMAL".into()),
            profanity: Some("MASK".into()),
            brevity: Some("ON".into()),
        };
        let answer = answer(TranslateTextRequest { settings: Some(settings), ..request("くそ", "ja", "en") }).await?;
        let applied = answer.applied_settings.unwrap_or_default();
        assert_eq!((applied.formality, applied.profanity.as_deref(), applied.brevity), (None, Some("MASK"), None));
        assert_eq!(answer.translated_text, "?$#@$");
        Ok(())
    }
}
