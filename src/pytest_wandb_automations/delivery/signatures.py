"""The signature of a webhook's body."""

from __future__ import annotations

import hashlib
import hmac

__all__ = ["SIGNATURE_HEADER", "sign", "verify"]

SIGNATURE_HEADER = "X-Wandb-Signature"


def sign(body: bytes, secret: str) -> str:
    """Return the lower-case hexadecimal HMAC-SHA256 of a body: what W&B was captured sending.

    The script on W&B's English page pipes through base64; a header made that way never matches.
    """
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify(body: bytes, secret: str, signature: str | None) -> bool:
    """Tell whether a signature is that of the body, in constant time."""
    if signature is None:
        return False
    # As bytes: compare_digest refuses text that is not ASCII, which a header may well be.
    return hmac.compare_digest(sign(body, secret).encode(), signature.encode())
