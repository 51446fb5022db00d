from pathlib import Path

import wandb


def save(loss):
    path = Path("weights.txt")
    path.write_text(f"weights that lose {loss}")
    return str(path)


def train(steps, learning_rate):
    """Stand for a training: any code that calls `wandb.init` and logs."""
    with wandb.init(project="llm", config={"learning_rate": learning_rate}) as run:
        loss = 1.0
        for _ in range(steps):
            loss *= 1 + learning_rate
            run.log({"loss": loss})
        weights = wandb.Artifact("weights", type="model", metadata={"loss": loss})
        weights.add_file(save(loss))
        run.log_artifact(weights)
