"""Three runs of two sources, logged by the real packages; the samples were written by this.

    python tests/frameworks/tracker_runs.py tests/samples/trackers

with wandb, tensorboard (or tensorboardX), mlflow-skinny with sqlalchemy and alembic, trackio and
transformers installed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

STEPS = (50, 100)
TOKENS_A_STEP = 4096
PARAMS = 1_000_000
WEIGHTS = {"mix-a": (0.2, 0.8), "mix-b": (0.5, 0.5), "mix-c": (0.75, 0.25)}


def losses(run: str, step: int) -> dict[str, float]:
    """What is logged at a step; each number has few digits, so that floats of 32 bits keep it."""
    web, code = WEIGHTS[run]
    late = 1.0 if step == STEPS[0] else 0.0
    return {
        "eval/web_loss": 3.0 - 0.5 * web + late,
        "eval/code_loss": 2.5 - 0.25 * code + late,
        "train/loss": 4.0 + late,
        "train/tokens": float(step * TOKENS_A_STEP),
    }


def config(run: str) -> dict[str, Any]:
    web, code = WEIGHTS[run]
    return {"data": {"weights": {"web": web, "code": code}}, "params": PARAMS, "note": "x" * 20}


def write_wandb(folder: Path) -> None:
    """Offline run folders; the last run crashes."""
    os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_CONSOLE="off")
    import wandb

    for place, run in enumerate(WEIGHTS):
        settings = wandb.Settings(
            x_disable_stats=True, x_disable_meta=True, disable_git=True, save_code=False
        )
        logged = wandb.init(
            project="swarm", name=run, config=config(run), dir=folder, settings=settings
        )
        for step in STEPS:
            logged.log(losses(run, step), step=step)
        logged.finish(exit_code=1 if place == 2 else 0)
    wandb.teardown()  # its service writes on for a moment; this waits for it


def write_tensorboard(folder: Path) -> None:
    """A folder a run, with its hyperparameters as a text and as the plugin's."""
    try:
        from torch.utils.tensorboard import SummaryWriter

        below = {"run_name": "hparams"}
    except ImportError:
        from tensorboardX import SummaryWriter

        below = {"name": "hparams"}
    for run, (web, code) in WEIGHTS.items():
        writer = SummaryWriter(str(folder / run))
        for step in STEPS:
            for name, value in losses(run, step).items():
                writer.add_scalar(name, value, step)
        flat = {"data.weights.web": web, "data.weights.code": code, "params": PARAMS}
        writer.add_hparams(flat, {"hparam/done": 1.0}, **below)
        writer.close()


def write_mlflow(uri: str) -> None:
    """Runs of one experiment in the store at a URI; the last one failed."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    import mlflow

    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("swarm")
    for place, (run, (web, code)) in enumerate(WEIGHTS.items()):
        mlflow.start_run(run_name=run)
        mlflow.log_params({"weights.web": web, "weights.code": code, "params": PARAMS})
        for step in STEPS:
            mlflow.log_metrics(losses(run, step), step=step)
        mlflow.end_run("FAILED" if place == 2 else "FINISHED")


def write_trackio(folder: Path) -> None:
    """A database of one project."""
    os.environ["TRACKIO_DIR"] = str(folder)
    import trackio

    for run in WEIGHTS:
        trackio.init(project="swarm", name=run, config=config(run), embed=False)
        for step in STEPS:
            trackio.log(losses(run, step), step=step)
        trackio.finish()


def write_trainer_states(folder: Path) -> None:
    """A folder a run with two checkpoints, as transformers' Trainer leaves them."""
    from transformers.trainer_callback import TrainerState

    for run in WEIGHTS:
        history: list[dict[str, Any]] = []
        for step in STEPS:
            logged = losses(run, step)
            history.append({"loss": logged["train/loss"], "epoch": 0.1, "step": step})
            evaluated = {
                f"eval_{set_}_loss": logged[f"eval/{set_}_loss"] for set_ in ("web", "code")
            }
            history.append({**evaluated, "epoch": 0.1, "step": step})
            state = TrainerState(
                epoch=0.1,
                global_step=step,
                max_steps=STEPS[-1],
                log_history=history,
                num_input_tokens_seen=step * TOKENS_A_STEP,
            )
            target = folder / run / f"checkpoint-{step}"
            target.mkdir(parents=True)
            state.save_to_json(str(target / "trainer_state.json"))


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_tensorboard(folder / "tensorboard")
    write_wandb(folder)
    write_mlflow(f"file://{folder / 'mlruns'}")
    write_mlflow(f"sqlite:///{folder / 'mlflow.db'}")
    write_trackio(folder / "trackio")
    write_trainer_states(folder / "trainer")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
