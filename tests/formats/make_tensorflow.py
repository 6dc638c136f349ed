#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_tensorflow.py - small frozen graphs and checkpoints written by TensorFlow, and what it answers

    python3 make_tensorflow.py          # tensorflow 2.x, numpy

Graphs are built with tf.compat.v1, run in a session, and frozen by convert_variables_to_constants; checkpoints are
written by tf.compat.v1.train.Saver and tf.train.Checkpoint. Seeded; writes data/tensorflow/.
"""
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "tensorflow")
RNG = np.random.default_rng(12)


def noise(*shape):
    fan = max(1, int(np.prod(shape[:-1])))
    return RNG.normal(0, 1.2 / np.sqrt(fan), shape).astype("float32")


def var(name, *shape):
    return v1.get_variable(name, initializer=noise(*shape))


def frozen(name, build, shape, feed):
    graph = tf.Graph()
    with graph.as_default(), v1.Session(graph=graph) as s:
        x = v1.placeholder(tf.float32, shape, name="picture")
        y = tf.identity(build(x), name="answer")
        s.run(v1.global_variables_initializer())
        out = s.run(y, {x: feed[None]})[0]
        const = v1.graph_util.convert_variables_to_constants(s, graph.as_graph_def(), ["answer"])
    with open(os.path.join(HERE, name + ".pb"), "wb") as f:
        f.write(const.SerializeToString())
    np.save(os.path.join(HERE, name + ".in.npy"), feed)
    if name == "first":  # pictures are written rows, columns, channels, whichever way the graph has them
        out = out.transpose(1, 2, 0)
    np.save(os.path.join(HERE, name + ".out.npy"), np.ascontiguousarray(out))
    print(name, feed.shape, "->", out.shape)


def layers(x):
    """Convolutions of every padding, batch norm, activations, pooling; nothing knows the size."""
    x = v1.nn.conv2d(x, var("a", 3, 3, 3, 6), [1, 1, 1, 1], "SAME")
    x = tf.nn.relu6(tf.nn.bias_add(x, var("a_b", 6)))
    x, _, _ = v1.nn.fused_batch_norm(x, var("scale", 6), var("offset", 6), mean=var("mean", 6),
                                     variance=tf.constant(RNG.uniform(0.5, 2, 6).astype("float32")), epsilon=0.01,
                                     is_training=False)
    y = v1.nn.conv2d(x, var("b", 3, 3, 6, 4), [1, 2, 2, 1], "SAME", dilations=[1, 1, 1, 1])
    y = tf.nn.leaky_relu(y, 0.15)
    z = v1.nn.conv2d(x, var("c", 2, 3, 6, 4), [1, 2, 2, 1], [[0, 0], [1, 0], [0, 2], [0, 0]])
    y = tf.concat([y, tf.nn.elu(z)[:, 0:, :, :]], 3)
    y = v1.nn.depthwise_conv2d(y, var("d", 3, 3, 8, 2), [1, 1, 1, 1], "SAME")
    p, q = tf.split(y, 2, axis=3)
    y = tf.tanh(p) * tf.sigmoid(q) - tf.abs(p) / 3.0
    m = tf.reduce_mean(y, [1, 2], keepdims=True)
    m = tf.nn.softmax(v1.nn.conv2d(m, var("e", 1, 1, 8, 8), [1, 1, 1, 1], "VALID"))
    y = tf.maximum(y * m, tf.minimum(y, 0.1)) + tf.add_n([y, y, p])
    y = tf.pad(y, [[0, 0], [1, 1], [2, 2], [0, 0]], "REFLECT")
    y = tf.pad(y, [[0, 0], [0, 1], [1, 0], [0, 0]])
    y = v1.nn.conv2d(y, var("f", 2, 2, 8, 12), [1, 1, 1, 1], "VALID")
    y = v1.nn.depth_to_space(y, 2)
    y = v1.nn.space_to_depth(v1.nn.depth_to_space(v1.nn.conv2d(y, var("g", 1, 1, 3, 4), [1, 1, 1, 1], "SAME"), 2), 2)
    y = v1.nn.max_pool(y, [1, 3, 3, 1], [1, 2, 2, 1], "SAME")
    return v1.nn.avg_pool(y, [1, 3, 3, 1], [1, 2, 2, 1], "SAME")


def sizes(x):
    """What is computed from sizes: results as large as something else."""
    shape = tf.shape(x)
    y = v1.nn.conv2d(x, var("a", 3, 3, 2, 4), [1, 2, 2, 1], "SAME")
    y = v1.nn.conv2d_transpose(y, var("b", 3, 3, 5, 4), tf.stack([shape[0], shape[1], shape[2], 5]), [1, 2, 2, 1], "SAME")
    z = v1.nn.conv2d_transpose(x, var("c", 2, 2, 5, 2), tf.stack([shape[0], shape[1] * 3, shape[2] * 3, 5]), [1, 3, 3, 1],
                               "SAME")
    y = v1.image.resize_bilinear(y, shape[1:3] * 2, half_pixel_centers=True)
    z = v1.image.resize_nearest_neighbor(z, 2 * shape[1:3])
    w = v1.image.resize_bicubic(x, 2 * shape[1:3], half_pixel_centers=True)
    y = tf.concat([y, z, w], axis=-1)
    y = y[:, 1:-1, :, ::2]
    y = v1.image.resize_bilinear(y, shape[1:3], align_corners=True)
    y = v1.image.resize_nearest_neighbor(y, shape[1:3] * 3, half_pixel_centers=True)
    return y[:, : shape[1], : shape[2], :]


def first(x):
    """Channels first between two transpositions, though the processor's kernels want them last."""
    y = tf.transpose(tf.nn.relu(v1.nn.conv2d(x, var("a", 3, 3, 3, 4), [1, 1, 1, 1], "SAME")), [0, 3, 1, 2])
    y = y * tf.reshape(var("g", 4), [1, 4, 1, 1]) + tf.constant(0.25, shape=[4, 1, 1])
    y = y / tf.sqrt(tf.reduce_mean(tf.square(y), axis=[2, 3], keepdims=True) + 0.1)
    return y[:, ::-1]


def classifier(x):
    y = v1.nn.max_pool(tf.nn.relu(v1.nn.conv2d(x, var("a", 3, 3, 1, 4), [1, 1, 1, 1], "VALID")), [1, 2, 2, 1], [1, 2, 2, 1],
                       "VALID")
    y = tf.reshape(y, [-1, 3 * 4 * 4])
    y = tf.nn.relu(tf.matmul(y, var("b", 48, 7)) + var("c", 7))
    return tf.nn.softmax(tf.matmul(y, var("d", 5, 7), transpose_b=True))


def cubic(v):
    v = abs(v)
    return 1.5 * v ** 3 - 2.5 * v ** 2 + 1 if v <= 1 else -0.5 * v ** 3 + 2.5 * v ** 2 - 4 * v + 2 if v < 2 else 0.0


def twice(a):
    """MATLAB's bicubic enlargement by 2 along the first axis: mirrored edges."""
    n = a.shape[0]
    out = np.zeros((2 * n,) + a.shape[1:])
    for i in range(2 * n):
        at = (i + 0.5) / 2 - 0.5
        for k in range(int(np.floor(at)) - 1, int(np.floor(at)) + 3):
            j = -1 - k if k < 0 else 2 * n - 1 - k if k >= n else k
            out[i] += cubic(at - k) * a[j]
    return out


def checkpoint():
    """A small DCSCN with Adam's slots beside its weights, in two pieces."""
    x0 = RNG.uniform(0, 255, (7, 9, 1)).astype("float32")
    with tf.Graph().as_default(), v1.Session() as s:
        def layer(name, x, k, n_in, n_out, prelu=True, bias=True):
            with v1.variable_scope(name):
                y = v1.nn.conv2d(x, var("conv_W", k, k, n_in, n_out), [1, 1, 1, 1], "SAME")
                y = y + var("conv_B", n_out) if bias else y
                if prelu:
                    with v1.variable_scope("prelu"):
                        a = var(name + "_prelu", n_out)
                    y = tf.nn.relu(y) + a * (y - tf.abs(y)) * 0.5
                return y
        x = v1.placeholder(tf.float32, [None, None, None, 1])
        c1 = layer("CNN1", x, 3, 1, 6)
        c2 = layer("CNN2", c1, 3, 6, 5)
        c3 = layer("CNN3", c2, 3, 5, 4)
        joined = tf.concat([c1, c2, c3], 3)
        a1 = layer("A1", joined, 1, 15, 5)
        b2 = layer("B2", layer("B1", joined, 1, 15, 4), 3, 4, 4)
        y = tf.concat([b2, a1], 3)
        with v1.variable_scope("Up-PS"):
            y = layer("Up-PS_CNN", y, 3, 9, 4, prelu=False)
        y = layer("R-CNN1", v1.nn.depth_to_space(y, 2), 3, 1, 1, prelu=False, bias=False)
        v1.train.AdamOptimizer(0.001).minimize(tf.reduce_mean(y ** 2), global_step=v1.train.get_or_create_global_step())
        s.run(v1.global_variables_initializer())
        out = s.run(y, {x: x0[None]})[0]
        v1.train.Saver(sharded=False, write_version=v1.train.SaverDef.V2).save(s, os.path.join(HERE, "dcscn"),
                                                                             write_meta_graph=False, write_state=False)
    big = twice(twice(x0.astype("float64")).transpose(1, 0, 2)).transpose(1, 0, 2)
    np.save(os.path.join(HERE, "dcscn.in.npy"), x0)
    np.save(os.path.join(HERE, "dcscn.out.npy"), (out + big).astype("float32"))
    print("dcscn", x0.shape, "->", out.shape)


def objects():
    """TensorFlow 2's checkpoint of objects: names of another kind, and strings among the tensors."""
    class Net(tf.Module):
        def __init__(self):
            super().__init__()
            self.kernel = tf.Variable(noise(3, 3, 1, 2))
            self.half = tf.Variable(noise(4).astype("float16"))
            self.count = tf.Variable(np.int64(7))
    tf.train.Checkpoint(net=Net()).write(os.path.join(HERE, "objects"))


if __name__ == "__main__":
    frozen("layers", layers, [None, None, None, 3], RNG.uniform(0, 1, (14, 18, 3)).astype("float32"))
    frozen("sizes", sizes, [1, None, None, 2], RNG.uniform(0, 1, (9, 12, 2)).astype("float32"))
    frozen("first", first, [None, None, None, 3], RNG.uniform(0, 1, (6, 7, 3)).astype("float32"))
    frozen("classifier", classifier, [None, 8, 10, 1], RNG.uniform(0, 1, (8, 10, 1)).astype("float32"))
    checkpoint()
    objects()
