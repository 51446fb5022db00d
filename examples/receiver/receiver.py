"""Deploys models when Weights & Biases says so. Nothing in here knows of tests.

A webhook calls `/deployments` when a version of a model gets the alias `prod`. Its payload:

    {
      "artifact": "${artifact_version}",
      "entity": "${entity_name}",
      "project": "${project_name}",
      "collection": "${artifact_collection_name}"
    }

Settings come from the environment: `WEBHOOK_TOKEN` and `WEBHOOK_SECRET`, the values of the access
token and the secret of the webhook; `WANDB_API_KEY`; `WANDB_BASE_URL`, if it is not W&B's own.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from typing import Any

import httpx
from fastapi import FastAPI, Header, HTTPException, Request

app = FastAPI()

_ARTIFACT = "wandb-artifact://_id/"

_ARTIFACT_QUERY = """
query Artifact($id: ID!) {
  artifact(id: $id) { aliases { alias } }
}
"""

_ADD_ALIASES = """
mutation AddAliases($input: AddAliasesInput!) { addAliases(input: $input) { success } }
"""


@app.post("/deployments", status_code=201)
async def deploy(
    request: Request,
    authorization: str = Header(""),
    x_wandb_signature: str = Header(""),
) -> dict[str, str]:
    """Deploy the model of a delivery, once, and say so in W&B with the alias `deployed`."""
    body = await request.body()
    _check_token(authorization)
    _check_signature(body, x_wandb_signature)
    model = json.loads(body)
    artifact = _id(model)
    async with _wandb() as wandb:
        aliases = await _aliases(wandb, artifact)
        # The signature covers the body alone, and W&B sends neither a timestamp nor an id of the
        # delivery. So a copy of it looks genuine for ever; what makes it harmless is that the
        # second deployment of the same version does nothing.
        if "deployed" in aliases:
            raise HTTPException(409, "this version is deployed")
        _roll_out(artifact)
        await _add_alias(wandb, model, "deployed")
    return {"deployed": artifact}


def _check_token(authorization: str) -> None:
    expected = f"Bearer {os.environ['WEBHOOK_TOKEN']}"
    if not hmac.compare_digest(authorization.encode(), expected.encode()):
        raise HTTPException(401, "wrong access token")


def _check_signature(body: bytes, signature: str) -> None:
    # In lower-case hexadecimal, without a prefix such as `sha256=`, of the bytes as they came: to
    # parse the JSON and write it again may change them. Beware of base64: the script on W&B's page
    # with which one imitates a delivery pipes the digest through it, W&B itself does not.
    secret = os.environ["WEBHOOK_SECRET"].encode()
    expected = hmac.new(secret, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        raise HTTPException(403, "wrong signature")


def _roll_out(artifact: str) -> None:
    """Put the model into service. Yours to fill in."""


def _id(model: dict[str, str]) -> str:
    return model["artifact"].removeprefix(_ARTIFACT)


def _wandb() -> httpx.AsyncClient:
    base_url = os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")
    return httpx.AsyncClient(base_url=base_url, auth=("api", os.environ["WANDB_API_KEY"]))


async def _aliases(wandb: httpx.AsyncClient, artifact: str) -> set[str]:
    found = (await _ask(wandb, _ARTIFACT_QUERY, {"id": artifact}))["artifact"]
    return {each["alias"] for each in found["aliases"]}


async def _add_alias(wandb: httpx.AsyncClient, model: dict[str, str], alias: str) -> None:
    added = {
        "entityName": model["entity"],
        "projectName": model["project"],
        "artifactCollectionName": model["collection"],
        "alias": alias,
    }
    await _ask(wandb, _ADD_ALIASES, {"input": {"artifactID": _id(model), "aliases": [added]}})


async def _ask(wandb: httpx.AsyncClient, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    response = await wandb.post("/graphql", json={"query": query, "variables": variables})
    response.raise_for_status()
    answer = response.json()
    if answer.get("errors"):
        raise HTTPException(502, answer["errors"][0]["message"])
    return answer["data"]
