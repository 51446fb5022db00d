from deploy import promote, register


def test_a_promoted_model_is_deployed(wandb_backend):
    classifier = wandb_backend.collection("acme/churn/classifier", type="model")
    wandb_backend.webhook_integration(
        "acme", name="deploy", url_endpoint="https://deploy.test/hook"
    )
    classifier.log_version()
    register()

    promote("v0")

    wandb_backend.assert_fired("deploy-promoted", times=1)
    assert wandb_backend.webhooks.last.json == {
        "model": "acme/churn/classifier:prod"
    }
