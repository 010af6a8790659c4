"""Answers GET /translate?input_text=… with the English of a Japanese text, and writes both into a table."""

import datetime
import json
import os

import boto3

translate = boto3.client("translate")
notebook = boto3.resource("dynamodb").Table(os.environ["NOTEBOOK"])


def handle(event, context):
    question = (event.get("queryStringParameters") or {}).get("input_text")
    if not question:
        return answer(400, {"message": "Ask with ?input_text=…"})
    english = translate.translate_text(Text=question, SourceLanguageCode="ja", TargetLanguageCode="en")["TranslatedText"]
    asked_at = datetime.datetime.now(datetime.timezone.utc).isoformat()
    notebook.put_item(Item={"asked_at": asked_at, "japanese": question, "english": english})
    return answer(200, {"output_text": english})


def answer(status, body):
    headers = {"Content-Type": "application/json; charset=utf-8"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body, ensure_ascii=False)}
