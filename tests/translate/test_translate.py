"""Amazon Translate, by boto3: the built-in engine, a neural one plugged in, terminologies."""

import http.server
import json
import threading
import urllib.error
import urllib.request

import pytest


@pytest.fixture
def translate(cloud):
    return cloud.client("translate")


def to_english(translate, text, **more):
    return translate.translate_text(Text=text, SourceLanguageCode="ja", TargetLanguageCode="en", **more)


def test_the_articles_greeting(cloud, translate):
    answer = to_english(translate, "こんにちは")
    assert answer["TranslatedText"] == "Hello"
    assert (answer["SourceLanguageCode"], answer["TargetLanguageCode"]) == ("ja", "en")
    assert "engine=dictionary" in cloud.log.read_text()


@pytest.mark.parametrize(
    "japanese, english",
    [
        ("こんにちは、世界", "Hello, world"),
        ("私は学生です。", "I am a student."),
        ("猫が好きです。", "I like cats."),
        ("今日は天気がいいです。", "The weather is nice today."),
        ("駅はどこですか？", "Where is the station?"),
    ],
)
def test_simple_sentences(translate, japanese, english):
    assert to_english(translate, japanese)["TranslatedText"] == english


def test_english_to_japanese_and_auto(translate):
    answer = translate.translate_text(Text="I like cats.", SourceLanguageCode="auto", TargetLanguageCode="ja")
    assert answer["TranslatedText"] == "私は猫が好きです。"
    assert answer["SourceLanguageCode"] == "en"


def test_what_cannot_be_translated_is_refused(translate):
    with pytest.raises(translate.exceptions.UnsupportedLanguagePairException) as error:
        translate.translate_text(Text="こんにちは", SourceLanguageCode="ja", TargetLanguageCode="sw")
    assert error.value.response["Error"]["Message"] == "Unsupported language pair: ja to sw."
    with pytest.raises(translate.exceptions.TextSizeLimitExceededException, match="10002 bytes"):
        to_english(translate, "あ" * 3334)
    with pytest.raises(translate.exceptions.DetectedLanguageLowConfidenceException):
        translate.translate_text(Text="12345", SourceLanguageCode="auto", TargetLanguageCode="en")


def test_languages_have_names(translate):
    first = translate.list_languages(MaxResults=50)
    rest = translate.list_languages(MaxResults=50, NextToken=first["NextToken"])
    names = {one["LanguageCode"]: one["LanguageName"] for one in first["Languages"] + rest["Languages"]}
    assert names["ja"] == "Japanese" and names["auto"] == "Auto" and len(names) == 76
    japanese = translate.list_languages(DisplayLanguageCode="ja", MaxResults=500)["Languages"]
    assert {"LanguageCode": "en", "LanguageName": "英語"} in japanese
    with pytest.raises(translate.exceptions.UnsupportedDisplayLanguageCodeException):
        translate.list_languages(DisplayLanguageCode="fr")


def test_a_terminology_has_the_last_word(cloud, translate, name):
    file = "ja,en\n小雲,Kogumo\n猫,Kitty\n".encode()
    data = {"File": file, "Format": "CSV"}
    imported = translate.import_terminology(
        Name=name, MergeStrategy="OVERWRITE", TerminologyData=data, Tags=[{"Key": "k", "Value": "v"}]
    )["TerminologyProperties"]
    assert (imported["SourceLanguageCode"], imported["TargetLanguageCodes"], imported["TermCount"]) == ("ja", ["en"], 2)
    answer = to_english(translate, "小雲が好きです。", TerminologyNames=[name])
    assert answer["TranslatedText"] == "I like Kogumo."
    assert answer["AppliedTerminologies"] == [{"Name": name, "Terms": [{"SourceText": "小雲", "TargetText": "Kogumo"}]}]
    got = translate.get_terminology(Name=name)
    address = got["TerminologyDataLocation"]["Location"].replace("http://127.0.0.1:4566", cloud.url)
    assert urllib.request.urlopen(address, timeout=10).read() == file
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(address[:-1] + ("0" if address[-1] != "0" else "1"), timeout=10)
    assert name in [one["Name"] for one in translate.list_terminologies()["TerminologyPropertiesList"]]
    assert translate.list_tags_for_resource(ResourceArn=imported["Arn"])["Tags"] == [{"Key": "k", "Value": "v"}]
    translate.delete_terminology(Name=name)
    with pytest.raises(translate.exceptions.ResourceNotFoundException):
        to_english(translate, "猫", TerminologyNames=[name])
    with pytest.raises(translate.exceptions.InvalidParameterValueException):
        translate.import_terminology(
            Name=name, MergeStrategy="OVERWRITE", TerminologyData={"File": b"ja,xx\na,b", "Format": "CSV"}
        )


class Neural(http.server.BaseHTTPRequestHandler):
    """A server that speaks LibreTranslate's language and knows French."""

    asked = []

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        Neural.asked.append((self.path, request))
        known = request["target"] in ("fr", "en")
        body = {"translatedText": f"<{request['q']}>"} if known else {"error": f"{request['target']} is not supported"}
        payload = json.dumps(body).encode()
        self.send_response(200 if known else 400)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_):
        pass


def test_a_neural_engine_is_plugged_in_by_a_setting(own_cloud):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Neural)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cloud = own_cloud("--ephemeral", "--translate-url", f"http://127.0.0.1:{server.server_port}").wait_until_ready()
    translate = cloud.client("translate")
    answer = translate.translate_text(Text="こんにちは", SourceLanguageCode="ja", TargetLanguageCode="fr")
    assert answer["TranslatedText"] == "<こんにちは>"
    path, request = Neural.asked[-1]
    assert path == "/translate" and (request["source"], request["target"]) == ("ja", "fr")
    assert to_english(translate, "猫")["TranslatedText"] == "<猫>"
    assert "engine=libretranslate" in cloud.log.read_text()
    with pytest.raises(translate.exceptions.UnsupportedLanguagePairException):
        translate.translate_text(Text="猫", SourceLanguageCode="ja", TargetLanguageCode="sw")
    server.shutdown()
    server.server_close()
    assert to_english(translate, "猫")["TranslatedText"] == "cat"
    with pytest.raises(translate.exceptions.ServiceUnavailableException):
        translate.translate_text(Text="猫", SourceLanguageCode="ja", TargetLanguageCode="fr")
