"""Runs ONNX graphs by the project's own onnxruntime-node, in a child (session.mjs): the runtime that the daemon uses, and no other."""
import json
import struct
import subprocess
from typing import NamedTuple

import numpy as np

from paths import HERE


class Tensor(NamedTuple):
    """An input or output of a graph; shape holds names where a size is free."""

    name: str
    dtype: str
    shape: list


class Session:
    """A loaded graph. `ms` is what the last run took inside the child, without the pipe. The child ends with its stdin.

    Errors: SystemExit, one sentence, where the runtime is not there or refuses the graph.
    """

    def __init__(self, path, threads=1):
        try:
            self._child = subprocess.Popen(["node", str(HERE / "session.mjs"), str(path), str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except FileNotFoundError:
            raise SystemExit("node is not there: run scripts/setup") from None
        try:
            about, _ = self._answer()
        except RuntimeError as error:
            raise SystemExit(str(error)) from None
        self.inputs, self.outputs = ([Tensor(t["name"], t["type"], t["shape"]) for t in about[k]] for k in ("inputs", "outputs"))
        self.input_names, self.output_names = [t.name for t in self.inputs], [t.name for t in self.outputs]
        self.ms = None

    def run(self, outputs, inputs):
        """The named outputs (None: all) for {name: array}. Errors: RuntimeError with the runtime's own words."""
        arrays = {name: np.ascontiguousarray(x) for name, x in inputs.items()}
        tensors = [{"name": n, "type": str(x.dtype), "shape": x.shape, "bytes": x.nbytes} for n, x in arrays.items()]
        header = json.dumps({"outputs": outputs, "tensors": tensors}).encode()
        for part in (struct.pack("<I", len(header)), header, *(x.tobytes() for x in arrays.values())):
            self._child.stdin.write(part)
        self._child.stdin.flush()
        about, results = self._answer()
        self.ms = about["ms"]
        return results

    def batches(self, inputs, size=64):
        """The first output for many inputs of the first input, so many at a time."""
        return np.concatenate([self.run(self.output_names[:1], {self.input_names[0]: inputs[i : i + size]})[0] for i in range(0, len(inputs), size)])

    def _answer(self):
        header = json.loads(self._read(struct.unpack("<I", self._read(4))[0]))
        if "error" in header:
            raise RuntimeError(header["error"])
        tensors = header.get("tensors", [])
        return header, [np.frombuffer(bytearray(self._read(t["bytes"])), t["type"]).reshape(t["shape"]) for t in tensors]

    def _read(self, count):
        data = self._child.stdout.read(count)
        if len(data) < count:
            raise RuntimeError(f"the child that runs the graph ended with status {self._child.wait()}")
        return data

    def __del__(self):
        child = getattr(self, "_child", None)
        if child is not None:
            child.stdin.close()
            child.stdout.close()
            child.wait()
