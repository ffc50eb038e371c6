"""What most tutorials end with: Flask and `model.predict`, on gunicorn's default worker.

Started by `gunicorn --workers 2 with_naive_flask:app`.
"""

import json
import os
from pathlib import Path

import cv2
import keras
import numpy as np
from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

RELEASE = Path(__file__).parents[2] / "model_store" / "bundled"
LABELS = json.loads((RELEASE / "report.json").read_text("utf-8"))["labels"]

app = Flask(__name__)
model = keras.models.load_model(RELEASE / "model.keras", compile=False)


@app.post("/predict")
def predict() -> ResponseReturnValue:
    """Classify a picture that is the request's body or a form's file, or pixels."""
    if request.is_json:
        pixels = np.array(request.get_json()["pixels"], np.uint8)
    else:
        upload = request.files["image"].read() if request.files else request.get_data()
        pixels = cv2.imdecode(np.frombuffer(upload, np.uint8), cv2.IMREAD_GRAYSCALE)
        pixels = cv2.resize(pixels, (28, 28), interpolation=cv2.INTER_AREA)
    scores = model.predict(pixels[None], verbose=0)[0]
    return jsonify(
        label=LABELS[int(scores.argmax())],
        probabilities=dict(zip(LABELS, scores.tolist(), strict=True)),
    )
