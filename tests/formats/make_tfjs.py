#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_tfjs.py - small TensorFlow.js layers-models of Keras 1, 2 and 3, and what Keras answers

    python3 make_tfjs.py 2      # tensorflow, tf_keras, tensorflowjs (its write_weights.py is enough: --no-deps)
    python3 make_tfjs.py 3      # keras 3 with KERAS_BACKEND=torch or tensorflow, torch, tensorflowjs as above
    python3 make_tfjs.py 1      # numpy, torch: Keras 1 does not run any more, so its configuration is written by hand

Configurations are the models' own to_json(), weights are written by tensorflowjs' write_weights (quantised, and in small
pieces that tensors straddle). model.json is put together here as the converter does it, for that wants more packages than
the weights. Seeded; writes data/tfjs/.
"""
import importlib.util
import json
import os
import sys
import types

import numpy as np

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "tfjs")
RNG = np.random.default_rng(11)


def tfjs():
    """write_weights and its neighbour, without the package around them."""
    where = os.path.dirname(importlib.util.find_spec("tensorflowjs").origin)
    package = types.ModuleType("tensorflowjs")
    package.__path__ = [where]
    sys.modules["tensorflowjs"] = package
    if not importlib.util.find_spec("tensorflow"):
        tf = sys.modules["tensorflow"] = types.ModuleType("tensorflow")  # write_weights opens files with it, no more
        tf.io = types.SimpleNamespace(gfile=types.SimpleNamespace(GFile=open))
    from tensorflowjs import quantization, write_weights
    return quantization, write_weights


QUANTIZATION, WRITE = tfjs()


def randomise(model):
    for w in model.weights:
        name = w.name.split("/")[-1]
        shape = tuple(w.shape)
        fan = max(1, int(np.prod(shape[:-1])))
        v = RNG.normal(0, 1.2 / np.sqrt(fan), shape)
        if "variance" in name:
            v = RNG.uniform(0.5, 2, shape)
        if "gamma" in name:
            v = RNG.uniform(0.5, 1.5, shape)
        if "alpha" in name:
            v = RNG.uniform(0.05, 0.4, shape)
        w.assign(v.astype("float32"))


def named_weights(model, prefix=""):
    """[(name, variable)]: "layer/kernel"; of a model inside with or without its own name, as `prefix` says."""
    out = []
    for layer in model.layers:
        if hasattr(layer, "layers"):
            out += named_weights(layer, prefix and layer.name + "/")
            continue
        out += [(prefix + layer.name + "/" + w.name.split("/")[-1].split(":")[0], w) for w in layer.weights]
    return out


def save(name, config, version, weights, x, y, shard=4 * 1024 * 1024, dtype_map=None):
    groups = [[{"name": n, "data": np.asarray(v)} for n, v in weights]]
    manifest = WRITE.write_weights(groups, HERE, shard_size_bytes=shard, write_manifest=False,
                                   quantization_dtype_map=dtype_map)
    for group in manifest:
        for i, path in enumerate(group["paths"]):
            new = f"{name}-{path}"
            os.replace(os.path.join(HERE, path), os.path.join(HERE, new))
            group["paths"][i] = new
    doc = {"format": "layers-model", "generatedBy": f"keras v{version}", "convertedBy": "make_tfjs.py",
           "modelTopology": {"keras_version": version, "backend": "tensorflow", "model_config": config},
           "weightsManifest": manifest}
    with open(os.path.join(HERE, name + ".json"), "w") as f:
        json.dump(doc, f)
    np.save(os.path.join(HERE, name + ".in.npy"), x.astype("float32"))
    np.save(os.path.join(HERE, name + ".out.npy"), np.asarray(y).astype("float32"))


def dequantise(model, weights, kind):
    """The numbers as the file will have them."""
    for _, w in weights:
        q, meta = QUANTIZATION.quantize_weights(np.asarray(w), getattr(np, kind))
        w.assign(QUANTIZATION.dequantize_weights(q, meta, np.dtype("float32")))


def save_model(name, model, version, x, prefix="", quantised=None, **more):
    randomise(model)
    weights = named_weights(model, prefix)
    before = [(n, np.asarray(w).copy()) for n, w in weights]
    if quantised:
        dequantise(model, weights, quantised)
        more["dtype_map"] = {quantised: ["*"]}
    y = np.asarray(model.predict(x[None], verbose=0))[0]
    save(name, json.loads(model.to_json()), version, before, x, y, **more)
    print(name, x.shape, "->", y.shape)


def picture(h, w, c):
    return RNG.uniform(0, 1, (h, w, c)).astype("float32")


def classifier(keras):
    L = keras.layers
    return keras.Sequential([L.Input((8, 10, 1)), L.Conv2D(4, 3, activation="relu"), L.MaxPooling2D(2),
                             L.Conv2D(6, 2, activation="relu"), L.Flatten(), L.Dense(7, activation="relu"),
                             L.Dense(5, activation="softmax")])


def edges(keras):
    """Every padding, stride and size."""
    L = keras.layers
    i = L.Input((None, None, 3))
    a = L.Conv2D(4, 3, padding="same", strides=2, activation="relu", name="halved")(i)
    b = L.Conv2D(4, (3, 5), padding="same", dilation_rate=2, use_bias=False, name="dilated")(i)
    b = L.AveragePooling2D(2, padding="same", name="average")(b)
    x = L.Add(name="sum")([a, b])
    x = L.Conv2DTranspose(5, 3, strides=2, padding="same", name="twice")(x)
    y = L.Conv2DTranspose(5, 2, strides=3, padding="valid", name="thrice")(a)
    y = L.MaxPooling2D(3, strides=2, padding="same", name="largest")(y)
    y = L.Cropping2D(((1, 0), (0, 2)), name="cut")(y)
    y = L.UpSampling2D((2, 1), name="tall")(y)
    y = L.ZeroPadding2D(((1, 2), (0, 3)), name="padded")(y)
    y = L.Conv2D(6, 4, strides=(3, 2), padding="valid", name="valid")(y)
    y = L.UpSampling2D(2, interpolation="bilinear", name="smooth")(y)
    y = L.GlobalAveragePooling2D(keepdims=True, name="mean")(y)
    y = L.Dense(5, activation="sigmoid", name="gate")(y)
    x = L.Multiply(name="gated")([x, y])
    x = L.DepthwiseConv2D(3, padding="same", depth_multiplier=2, name="each")(x)
    x = L.SeparableConv2D(4, 3, padding="same", depth_multiplier=2, name="separable")(x)
    x = L.Conv2D(4, 3, padding="same", groups=2, name="grouped")(x)
    return keras.Model(i, x, name="edges")


def activations(keras, third):
    L = keras.layers
    i = L.Input((None, None, 2))
    x = L.Conv2D(6, 3, padding="same", name="first")(i)
    parts = []
    names = ["relu", "elu", "selu", "sigmoid", "hard_sigmoid", "tanh", "softmax", "swish", "gelu", "softplus", "linear",
             "exponential", "softsign", "relu6", "mish", "leaky_relu"]
    for n in names:
        parts.append(L.Activation(n, name="a_" + n)(x))
    parts.append(L.LeakyReLU(0.15, name="leaky")(x))
    parts.append(L.ReLU(max_value=0.7, negative_slope=0.2, threshold=0.1, name="bent")(x))
    parts.append(L.ReLU(max_value=0.5, name="capped")(x))
    parts.append(L.ELU(0.6, name="elu")(x))
    parts.append(L.PReLU(shared_axes=[1, 2], name="prelu")(x))
    parts.append(L.Softmax(name="softmax")(x))
    x = L.Concatenate(name="all")(parts)
    x = L.Conv2D(5, 1, activation="tanh", name="last")(x)
    x = L.BatchNormalization(name="bn")(x)
    x = L.BatchNormalization(scale=False, epsilon=0.01, name="bn_plain")(x)
    x = L.LayerNormalization(name="ln")(x)
    x = L.Conv2D(6, 1, name="six")(x)
    x = L.GroupNormalization(groups=3, name="gn")(x)
    x = L.Dropout(0.5, name="dropout")(x)
    x = L.Rescaling(2.0, offset=-0.5, name="rescaled")(x)
    return keras.Model(i, x, name="activations")


def ops(keras, third):
    """Layers called twice, models inside, operations between them."""
    L = keras.layers
    inner_in = L.Input((None, None, 4), name="inner_in")
    inner = keras.Model(inner_in, L.Add(name="inner_sum")([L.Conv2D(4, 3, padding="same", activation="relu",
                                                                       name="inner_conv")(inner_in), inner_in]), name="inner")
    chain = keras.Sequential([L.Conv2D(4, 1, name="chain_a"), L.LeakyReLU(0.1, name="chain_b")], name="chain")
    i = L.Input((None, None, 3), name="picture")
    shared = L.Conv2D(4, 3, padding="same", name="shared")
    x = shared(i)
    x = inner(x)
    y = shared(i * 0.5 + 0.1)
    x = chain(inner(x)) * 0.2 + y
    x = L.Maximum(name="most")([x, y * -1.0])
    z = L.Average(name="half")([x, y, L.Subtract(name="less")([x, y])])
    z = 1.0 - z
    if third:
        z = keras.ops.tanh(keras.ops.clip(z, -0.4, 0.8))
        z = keras.ops.abs(z)
    else:
        import tensorflow as tf
        z = tf.nn.tanh(tf.clip_by_value(z, -0.4, 0.8))
        z = tf.abs(z)
        z = tf.nn.depth_to_space(z, 2)
        z = L.UpSampling2D(2, name="bigger")(L.AveragePooling2D(2, name="smaller")(z))
    z = L.Conv2D(3, 3, padding="same", name="end")(z)
    return keras.Model(i, z, name="ops")


def shapes(keras):
    """Reshape and Permute, whose order is Keras'."""
    L = keras.layers
    i = L.Input((4, 6, 3))
    x = L.Permute((2, 1, 3), name="turned")(i)
    x = L.Reshape((3, 8, 3), name="other")(x)
    x = L.Conv2D(4, 3, padding="same", name="conv")(x)
    x = L.GlobalMaxPooling2D(name="largest")(x)
    x = L.Dense(6, activation="relu", name="dense")(x)
    x = L.Reshape((1, 2, 3), name="small")(x)
    x = L.Conv2DTranspose(2, 4, strides=2, padding="same", name="up")(x)
    x = L.Flatten(name="flat")(x)
    x = L.Dense(3, name="out")(x)
    return keras.Model(i, x, name="shapes")


def second():
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf
    import tf_keras as keras
    tf.keras.utils.set_random_seed(1)
    v = keras.__version__
    save_model("keras2_classifier", classifier(keras), v, picture(8, 10, 1))
    save_model("keras2_edges", edges(keras), v, picture(10, 14, 3), shard=700)
    save_model("keras2_activations", activations(keras, False), v, picture(7, 9, 2))
    save_model("keras2_ops", ops(keras, False), v, picture(6, 8, 3))
    save_model("keras2_shapes", shapes(keras), v, picture(4, 6, 3))
    small = keras.Sequential([keras.layers.Input((None, None, 1)), keras.layers.Conv2D(6, 3, padding="same", activation="relu"),
                              keras.layers.Conv2D(1, 3, padding="same")])
    for kind in ("uint8", "uint16", "float16"):
        save_model("quantised_" + kind, small, v, picture(6, 7, 1), quantised=kind, shard=100)


def third():
    import keras
    v = keras.__version__
    save_model("keras3_classifier", classifier(keras), v, picture(8, 10, 1))
    save_model("keras3_activations", activations(keras, True), v, picture(7, 9, 2))
    save_model("keras3_ops", ops(keras, True), v, picture(6, 8, 3))
    save_model("keras3_edges", edges(keras), v, picture(10, 14, 3))


def first():
    import torch
    import torch.nn.functional as F

    def conv(x, w, b, **k):
        return F.conv2d(x, torch.from_numpy(w), torch.from_numpy(b), **k)

    def layer(cls, name, **config):
        return {"class_name": cls, "config": dict(config, name=name, trainable=True)}

    def conv_layer(name, n, k, **more):
        c = dict(nb_filter=n, nb_row=k, nb_col=k, border_mode="same", subsample=[1, 1], dim_ordering="th",
                 activation="relu", bias=True)
        return layer("Convolution2D", name, **dict(c, **more))
    w = {n: RNG.normal(0, 0.3, s).astype("float32") for n, s in
         [("a/kernel", (4, 3, 3, 3)), ("a/bias", (4,)), ("b/kernel", (5, 4, 3, 3)), ("b/bias", (5,)),
          ("c/kernel", (2, 5, 3, 3)), ("c/bias", (2,))]}
    x = picture(6, 8, 3)
    t = torch.from_numpy(x.transpose(2, 0, 1)[None].copy())
    t = F.relu(conv(t, w["a/kernel"], w["a/bias"], padding=1))
    t = F.pad(t, (2, 2, 1, 1))
    t = torch.tanh(conv(t, w["b/kernel"], w["b/bias"], stride=2))
    t = F.leaky_relu(F.interpolate(t, scale_factor=2, mode="nearest"), 0.3)
    t = conv(t, w["c/kernel"], w["c/bias"])
    config = {"class_name": "Sequential", "config": [
        conv_layer("a", 4, 3, batch_input_shape=[None, 3, None, None]),
        layer("ZeroPadding2D", "pad", padding=[1, 2], dim_ordering="th"),
        conv_layer("b", 5, 3, border_mode="valid", subsample=[2, 2], activation="linear"),
        layer("Activation", "act", activation="tanh"),
        layer("UpSampling2D", "up", size=[2, 2], dim_ordering="th"),
        layer("LeakyReLU", "leaky", alpha=0.3), layer("Dropout", "drop", p=0.5),
        conv_layer("c", 2, 3, border_mode="valid", activation="linear")]}
    save("keras1_theano", config, "1.2.2", list(w.items()), x, t.numpy()[0].transpose(1, 2, 0))


if __name__ == "__main__":
    {"1": first, "2": second, "3": third}[sys.argv[1]]()
