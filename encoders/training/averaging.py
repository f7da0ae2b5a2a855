"""The running average of a tower's weights: what is kept in the end of a training."""
import torch

AVERAGE, EVERY = 0.998, 5  # how much of the old a step keeps; the average takes every fifth step


@torch.no_grad()
def blend(average, tower, step):
    """Takes the weights of a step into the average, faster at first; steps between are left out."""
    if step % EVERY:
        return
    keep = min(AVERAGE, (step + 1) / (step + 10)) ** EVERY
    for k, v in tower.state_dict().items():
        if v.is_floating_point():
            average[k].mul_(keep).add_(v, alpha=1 - keep)
