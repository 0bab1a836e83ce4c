"""Small trainings on embedded data for the tests, and processes that run them."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import socket
import traceback
from dataclasses import replace

import numpy as np
import torch
from networks import convolution, dense, model_of

from dendrosim.data import load_data
from dendrosim.errors import RunError
from dendrosim.training import train
from dendrosim.training.checkpoint import Checkpoint

POOL = {"kind": "max-pool", "size": 2}
NETWORKS = {
    "mlp": ("digits", [64], [dense(12), dense(10)]),
    "cnn": ("digits-images", [1, 8, 8], [convolution(4), POOL, convolution(3, 2), dense(10)]),
    "rnn": ("reber", [16, 7], [{"kind": "recurrent", "units": 6}, dense(7)]),
}


def training_of(kind, *, rules=None, preparation=None, **training):
    """A training of a small MLP, CNN or RNN; four epochs, unless asked."""
    data, stimulus, layers = NETWORKS[kind]
    settings = {"epochs": 4, "batch_size": 200, "learning_rate": 0.01} | training
    tables = {"rules": rules or {}, "preparation": preparation or {}}
    return model_of(stimulus, layers, data=data, training=settings, **tables)


def state_of(folder):
    """What a checkpoint holds, as bytes where it can be; the seconds are nobody's promise."""
    checkpoint = Checkpoint.read(folder)
    history = [{key: value for key, value in row.items() if key != "seconds"} for row in checkpoint.history]
    tensors = {name: tensor.numpy().tobytes() for name, tensor in checkpoint.tensors.items()}
    return checkpoint.epoch, checkpoint.step, checkpoint.best_epoch, history, tensors


def change_data(monkeypatch, split, **changes):
    """Let a split hold other stimuli or targets: each change takes the array and returns another."""

    def load(model):
        data = load_data(model)
        part = getattr(data, split)
        changed = {name: change(np.array(getattr(part, name)[:])) for name, change in changes.items()}
        return replace(data, **{split: replace(part, **changed)})

    # By its name in the package it would be the function `train`, and not the module.
    monkeypatch.setattr(importlib.import_module("dendrosim.training.train"), "load_data", load)


def start(function, *arguments):
    """Run a function in a process of its own, which has torch loaded already."""
    process = multiprocessing.get_context("fork").Process(target=function, args=arguments)
    process.start()
    return process


def train_in_ranks(model, folder, size=2, hardware=None):
    """Train in several processes as torchrun starts them; returns what each ended with."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    ranks = [
        context.Process(target=_rank, args=(rank, size, port, model, folder, hardware, answers)) for rank in range(size)
    ]
    for process in ranks:
        process.start()
    ends = dict(answers.get(timeout=60) for _ in ranks)
    for process in ranks:
        process.join(timeout=20)
    return [ends[rank] for rank in range(size)]


def _rank(rank, size, port, model, folder, hardware, answers):
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    torch.set_num_threads(1)
    try:
        train(model, folder=folder, hardware=hardware)
        answers.put((rank, "done"))
    except RunError as error:
        answers.put((rank, str(error)))
    except BaseException:
        answers.put((rank, traceback.format_exc()))
