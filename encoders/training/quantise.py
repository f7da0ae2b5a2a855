"""A tower's statically quantised variant: `quantise.py FLOAT.onnx INT8.onnx INPUTS.npy`; INPUTS are a few hundred real ones, shuffled.

What becomes int8 goes by the shape of the graph, not by names. The front end and the first convolutions stay float: their maps are
large, their channels differ most in range, and they are a few hundred weights. Every later convolution over a map is computed in int8:
maps are uint8 with one scale, chosen for the least squared error, weights int8 with one per channel, and biases corrected so that each
channel keeps its mean. What a logarithm is taken of stays float: it sees what is faint. Activations, squeeze-excite gates and the head are
computed in float, from weights that are stored in int8.
Scales are constants, so a vector does not depend on what else is in its batch.
"""
import os
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

from session import Session

FLOATS = 5  # first convolutions that stay float: with 1 the present image tower has a cosine of 0.80, with 3 of 0.993, with 5 of 0.995
SMALL = 4096  # weights that are not worth storing in int8
STORED_MAX, DEPTHWISE_MAX = 127, 127
GEMM_MAX = 64  # CPUs without VNNI add two products in 16 bits, which saturate above: 7 bits give every CPU the same sums
QUIET = -3.0  # a hard swish is zero below
JOINTS = {"Add", "Concat", "MaxPool"}  # computed in 8 bits where they join such maps
BATCH, SAMPLES, CORRECTED, SEED = 16, 100_000, 64, 1  # inputs a run; values that a range is chosen from; inputs of bias correction


class Graph:
    """An ONNX graph with its weights at hand."""

    def __init__(self, path):
        self.model = onnx.load(str(path))
        self.graph = self.model.graph
        for node in [n for n in self.graph.node if n.op_type == "Constant"]:
            tensor = helper.get_attribute_value(node.attribute[0])
            tensor.name = node.output[0]
            self.graph.initializer.append(tensor)
            self.graph.node.remove(node)
        self.weights = {t.name: numpy_helper.to_array(t) for t in self.graph.initializer}
        self._drop_stacks()

    def _drop_stacks(self):
        """Takes out what is the largest of a stack of one: an axis that is added and reduced at once."""
        maker = {n.output[0]: n for n in self.graph.node}
        for last in [n for n in self.graph.node if n.op_type == "ReduceMax"]:
            first, about = maker.get(last.input[0]), {a.name: helper.get_attribute_value(a) for a in last.attribute}
            if first is not None and first.op_type == "Unsqueeze" and about.get("keepdims") == 0 and list(about["axes"]) == list(self.weights[first.input[1]]):
                for user in self.users(last.output[0]):
                    rename(user, last.output[0], first.input[0])
                self.graph.node.remove(first)
                self.graph.node.remove(last)

    def users(self, name):
        return [n for n in self.graph.node if name in n.input]

    def constant(self, name, value):
        """A new weight, or another value for one."""
        tensor = numpy_helper.from_array(value, name)
        if name in self.weights:
            next(t for t in self.graph.initializer if t.name == name).CopyFrom(tensor)
        else:
            self.graph.initializer.append(tensor)
        self.weights[name] = value
        return name

    def before(self, node, op, inputs, output, **attributes):
        """Puts a new node before another one."""
        self.graph.node.insert(list(self.graph.node).index(node), helper.make_node(op, inputs, [output], output, **attributes))
        return output

    def save(self, path, watched=()):
        """Writes the graph; tensors that are watched are outputs, too."""
        model, used = onnx.ModelProto(), {name for n in self.graph.node for name in n.input}
        model.CopyFrom(self.model)
        del model.graph.value_info[:], model.graph.initializer[:]
        model.graph.initializer.extend(t for t in self.graph.initializer if t.name in used)
        known = {o.name for o in self.graph.output}
        model.graph.output.extend(onnx.ValueInfoProto(name=n) for n in watched if n not in known)
        onnx.save(model, str(path))

    def watch(self, names, inputs, scratch):
        """Yields {name: value} of some tensors, so many inputs at a time."""
        self.save(scratch, names)
        session = Session(scratch)
        for start in range(0, len(inputs), BATCH):
            yield dict(zip(names, session.run(names, {session.input_names[0]: inputs[start : start + BATCH]})))


def rename(node, old, new):
    node.input[:] = [new if name == old else name for name in node.input]


class Plan:
    """What becomes int8. floats: outputs of the first convolutions; convs: computed in int8; stored: only their weights are; means: over a map; maps: tensors of 8 bits."""

    def __init__(self, graph, inputs, scratch):
        nodes, self.convs, self.stored = list(graph.graph.node), [], []
        values = next(graph.watch([n.output[0] for n in nodes], inputs[:2], scratch))
        is_map = lambda name: name in values and values[name].dtype == np.float32 and values[name].ndim == 4 and values[name][0, 0].size > 1
        over_maps = [n for n in nodes if n.op_type == "Conv" and is_map(n.input[0] if is_map(n.input[0]) else n.output[0]) and is_map(n.output[0])]
        exact = behind(nodes, {n.output[0] for n in nodes if n.op_type == "Log"})
        over_maps = [n for n in over_maps if n.output[0] not in exact]
        self.floats = [n.output[0] for n in over_maps[:FLOATS]] + sorted(exact)
        ints = {n.output[0] for n in over_maps[FLOATS:]}
        body = nodes.index(over_maps[0])
        self.means = [n for n in nodes[body:] if n.op_type == "ReduceMean" and is_map(n.input[0])]
        rounded = set()
        for node in nodes[body:]:
            name, users = node.output[0], graph.users(node.output[0])
            weight = graph.weights.get(node.input[1]) if len(node.input) > 1 else None
            if name in ints:
                self.convs.append(node)
                relu = len(users) == 1 and users[0].op_type == "Relu"  # the runtime makes it part of the convolution
                rounded |= {node.input[0], users[0].output[0] if relu else name}
            elif node.op_type in JOINTS and rounded & set(node.input) and is_map(name) and name not in exact:
                rounded |= {name, *node.input}
            elif node.op_type in ("Conv", "Gemm", "MatMul") and weight is not None and weight.size > SMALL and name not in self.floats:
                self.stored.append(node)
        self.maps = [n.output[0] for n in nodes if n.output[0] in rounded]


def behind(nodes, names):
    """All that these tensors are made of, themselves included."""
    found = set(names)
    for node in reversed(nodes):
        if found & set(node.output):
            found |= set(node.input)
    return found


def ranges(graph, names, inputs, scratch):
    """Scale and zero point of each tensor."""
    dice, seen, ends = np.random.default_rng(SEED), {n: [] for n in names}, {n: [0.0, 1e-6] for n in names}
    share = -(-SAMPLES * BATCH // len(inputs))
    for values in graph.watch(names, inputs, scratch):
        for name, y in values.items():
            seen[name].append(dice.choice(y.ravel(), share))
            ends[name] = [min(ends[name][0], float(y.min())), max(ends[name][1], float(y.max()))]
    return {name: scale_of(*best_range(np.concatenate(v), *ends[name], graph.users(name))) for name, v in seen.items()}


def best_range(values, low, high, users):
    """The (least, most) inside of low and high that gives the least squared error."""
    if {u.op_type for u in users} == {"HardSwish"}:
        low, values = max(low, QUIET), np.maximum(values, QUIET)
    error = lambda r: np.square(values - rounded(values, *scale_of(*r))).sum()
    return min(((low * a, high * b) for a in (1, 0.9, 0.8, 0.7, 0.6, 0.5) for b in (1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5, 0.4)), key=error)


def scale_of(low, high):
    """Scale and zero point of uint8; zero is exact."""
    scale = np.float32((high - low) / 255)
    return scale, np.uint8(np.round(-low / scale))


def rounded(x, scale, zero):
    return (np.clip(np.round(x / scale) + zero, 0, 255) - float(zero)) * scale


def channels(weight, axis, most, least=0.0):
    """int8 weights and a scale per channel, at least so much."""
    others = tuple(i for i in range(weight.ndim) if i != axis)
    scale = np.maximum(np.maximum(np.abs(weight).max(others), 1e-8) / most, least).astype(np.float32)
    return np.round(weight / np.expand_dims(scale, others)).astype(np.int8), scale, others


def make_int8(graph, node, input_scale):
    """Weights and bias of a convolution in integers, multiplied out in the graph; the runtime sees the pattern and computes in int8."""
    key, weight = node.output[0], graph.weights[node.input[1]]
    bias = graph.weights[node.input[2]] if len(node.input) > 2 else np.zeros(len(weight), np.float32)
    most = DEPTHWISE_MAX if weight.shape[1] == 1 else GEMM_MAX
    values, scale, _ = channels(weight, 0, most, np.abs(bias) / input_scale / 2**30)  # the bias has to fit into 32 bits
    step = scale * np.float32(input_scale)
    parts = {"weight": (values, scale), "bias": (np.round(bias / step.astype(np.float64)).astype(np.int32), step)}
    node.input[1:] = [
        graph.before(node, "DequantizeLinear", [graph.constant(f"{key}_{part}_{k}", v) for k, v in (("q", q), ("scale", s), ("zero", np.zeros(len(s), q.dtype)))], f"{key}_{part}", axis=0)
        for part, (q, s) in parts.items()
    ]


def store(graph, node):
    """Weights in int8, computed with in float: the runtime multiplies them out once, when it loads the graph."""
    key = node.output[0]
    by_row = node.op_type == "Conv" or any(a.name == "transB" and a.i for a in node.attribute)
    values, scale, others = channels(graph.weights[node.input[1]], 0 if by_row else 1, STORED_MAX)
    cast = graph.before(node, "Cast", [graph.constant(key + "_weight_q", values)], key + "_weight_cast", to=onnx.TensorProto.FLOAT)
    node.input[1] = graph.before(node, "Mul", [cast, graph.constant(key + "_weight_scale", np.expand_dims(scale, others))], key + "_weight")


def make_uint8(graph, name, scale, zero, floats):
    """A map in 8 bits for all who read it but the float convolutions: the runtime would round their weights, too."""
    users = [n for n in graph.users(name) if n.output[0] not in floats]
    about = [graph.constant(name + "_scale", np.array(scale)), graph.constant(name + "_zero", np.array(zero))]
    q = graph.before(users[0], "QuantizeLinear", [name, *about], name + "_q")
    dq = graph.before(users[0], "DequantizeLinear", [q, *about], name + "_dq")
    for user in users:
        rename(user, name, dq)


def pool(graph, node):
    """A mean over a map as GlobalAveragePool: the runtime turns maps to channels-last, and its ReduceMean then adds in another order when alone."""
    about = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if sorted(axis % 4 for axis in about.get("axes", [])) != [2, 3]:
        return
    if about.get("keepdims", 1):
        graph.before(node, "GlobalAveragePool", node.input[:1], node.output[0])
    else:
        mean = graph.before(node, "GlobalAveragePool", node.input[:1], node.output[0] + "_pool")
        graph.before(node, "Squeeze", [mean, graph.constant(mean + "_axes", np.array([2, 3]))], node.output[0])
    graph.graph.node.remove(node)


def correct(graph, source, convs, inputs, scratch):
    """Each int8 convolution gets the mean that its channels have in the float graph; those that do not depend on each other together."""
    wanted = channel_means(source, [n.output[0] for n in convs], inputs, scratch)
    for names in levels(graph.graph.node, {n.output[0] for n in convs}):
        now = channel_means(graph, names, inputs, scratch)
        for name in names:
            bias, step = graph.weights[name + "_bias_q"], graph.weights[name + "_bias_scale"]
            graph.constant(name + "_bias_q", bias + np.round((wanted[name] - now[name]) / step).astype(np.int32))


def levels(nodes, names):
    """The names by how many others of them lie on the longest way to each."""
    depth, found = {}, {}
    for node in nodes:
        below = max((depth.get(i, 0) for i in node.input), default=0)
        for output in node.output:
            depth[output] = below + (output in names)
            if output in names:
                found.setdefault(below, []).append(output)
    return [found[k] for k in sorted(found)]


def channel_means(graph, names, inputs, scratch):
    runs = [{n: y.mean((2, 3), dtype=np.float64).sum(0) for n, y in values.items()} for values in graph.watch(names, inputs, scratch)]
    return {n: sum(r[n] for r in runs) / len(inputs) for n in names}


def quantise(source, target, inputs):
    """Writes the int8 graph; returns its cosines with the float one on the inputs. Errors: SystemExit if it is not batch invariant."""
    scratch = f"{target}.tmp"
    graph = Graph(source)
    plan = Plan(graph, inputs, scratch)
    scales = ranges(graph, plan.maps, inputs, scratch)
    for node in plan.stored:
        store(graph, node)
    for node in plan.means:
        pool(graph, node)
    for node in plan.convs:
        make_int8(graph, node, scales[node.input[0]][0])
    for name in plan.maps:
        make_uint8(graph, name, *scales[name], plan.floats)
    correct(graph, Graph(source), plan.convs, inputs[:CORRECTED], scratch)
    graph.save(target)
    os.remove(scratch)
    print(f"{target}: {len(plan.convs)} convolutions in int8; weights of {len(plan.stored)} more stored in int8; {len(plan.maps)} maps in uint8")
    session = Session(target)
    vectors = session.batches(inputs, 1)
    if not (vectors == session.batches(inputs, 8)).all():
        raise SystemExit(f"{target}: a vector depends on what else is in its batch")
    return np.sum(Session(source).batches(inputs, BATCH) * vectors, 1)


if __name__ == "__main__":
    cosine = quantise(*sys.argv[1:3], np.load(sys.argv[3]))
    print(f"cosine mean {cosine.mean():.4f}, least {cosine.min():.4f}")
