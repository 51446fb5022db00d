import hashlib
import hmac

from flask import Flask, abort, request

app = Flask(__name__)
SECRET = b"s3cret"  # of the webhook in W&B; read it from the environment


@app.post("/hook")
def hook():
    expected = hmac.new(SECRET, request.get_data(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(
        request.headers.get("X-Wandb-Signature", ""), expected
    ):
        abort(403)
    return {"deploying": request.json["model"]}
