import hashlib
import hmac

from fastapi import FastAPI, Header, HTTPException, Request

app = FastAPI()
SECRET = b"s3cret"  # of the webhook in W&B; read it from the environment


@app.post("/hook")
async def hook(request: Request, x_wandb_signature: str = Header("")):
    body = await request.body()
    expected = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(x_wandb_signature, expected):
        raise HTTPException(403, "wrong signature")
    return {"deploying": (await request.json())["model"]}
