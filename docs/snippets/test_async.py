# region asyncio
import asyncio

import httpx

VIEWER = {"query": "{ viewer { username } }"}


def test_code_that_waits(wandb_backend):
    async def ask():
        async with httpx.AsyncClient(auth=("api", wandb_backend.api_key)) as client:
            return await client.post("https://api.wandb.ai/graphql", json=VIEWER)

    answer = asyncio.run(ask()).json()
    assert answer["data"]["viewer"]["username"] == "tester"


# endregion
