#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_keras.py - writes tests/formats/data/keras: small networks as Keras 2 and 3 save them, with Keras' own answers

    KERAS_BACKEND=torch python3 make_keras.py 3      Keras 3 (pip install keras torch h5py); written by 3.15.1
    python3 make_keras.py 2                          Keras 2 (pip install tensorflow tf_keras); written by 2.21.0
    python3 make_keras.py 1                          needs h5py only: the layout of Keras 1, which runs nowhere any more

Seeded. The lecture's network is trained for one step, so that the optimizer's tensors are in the file too."""
import os
import sys

import numpy as np

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "keras")


def path(name):
    return os.path.join(HERE, name)


def seeded(model, seed):
    """Weights that tell channels, rows and columns apart; variances stay positive."""
    rng = np.random.default_rng(seed)
    names = [w.name + getattr(w, "path", "") for w in model.weights]
    model.set_weights([rng.uniform(0.5, 1.5, w.shape).astype(np.float32) if "variance" in n
                       else (rng.standard_normal(w.shape) * 0.4).astype(np.float32)
                       for n, w in zip(names, model.get_weights())])
    return rng


def answer(model, name, rng, shape):
    x = rng.random((1,) + shape, dtype=np.float32)
    y = np.asarray(model.predict(x, verbose=0), dtype=np.float32)
    np.save(path(name + ".in.npy"), x[0])
    np.save(path(name + ".out.npy"), y[0])


def lecture(keras):
    layers = keras.layers
    return keras.Sequential([
        layers.Input((14, 14, 1)),
        layers.Conv2D(4, (3, 3), activation="relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Conv2D(5, (3, 3), activation="relu"),
        layers.Flatten(),
        layers.Dense(8, activation="relu"),
        layers.Dense(10, activation="softmax")])


def block(keras, channels):
    """A model inside: its own convolutions, one of them in steps of two passes."""
    layers = keras.layers
    x = inside = keras.Input((None, None, channels))
    x = layers.Conv2D(channels, 3, padding="same")(x)
    x = layers.BatchNormalization(epsilon=1e-3)(x)
    x = layers.PReLU(shared_axes=[1, 2])(x)
    x = layers.SeparableConv2D(channels, 3, padding="same")(x)
    x = layers.BatchNormalization(scale=False)(x)
    return keras.Model(inside, layers.Add()([inside, x]), name="residual_block")


def nested(keras):
    layers = keras.layers
    x = inside = keras.Input((None, None, 3))
    x = layers.Conv2D(6, 3, padding="same", activation="relu", name="head")(x)
    x = block(keras, 6)(x)
    x = layers.DepthwiseConv2D(3, padding="same", activation="relu")(x)
    x = layers.Conv2DTranspose(4, 4, strides=2, padding="same", name="larger")(x)
    x = layers.LeakyReLU(0.2)(x)
    return keras.Model(inside, layers.Conv2D(3, 3, padding="same")(x))


def train(model):
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    model.fit(np.zeros((2, 14, 14, 1), np.float32), np.eye(10, dtype=np.float32)[:2], verbose=0)


def third():
    import keras
    model = lecture(keras)
    train(model)
    rng = seeded(model, 1)
    model.save(path("lecture_3.h5"))
    model.save(path("lecture_3z.keras"))
    model.save_weights(path("lecture_3w.weights.h5"))
    open(path("lecture_3w.json"), "w").write(model.to_json())
    for name in ("lecture_3", "lecture_3z", "lecture_3w", "lecture_3w.weights"):
        answer(model, name, np.random.default_rng(11), (14, 14, 1))
    keras.backend.clear_session()
    model = nested(keras)
    seeded(model, 2)
    model.save(path("nested_3.h5"))
    model.save(path("nested_3z.keras"))
    for name in ("nested_3", "nested_3z"):
        answer(model, name, np.random.default_rng(12), (6, 7, 3))


def second():
    import tf_keras as keras
    model = lecture(keras)
    train(model)
    seeded(model, 3)
    model.save(path("lecture_2.h5"))
    answer(model, "lecture_2", np.random.default_rng(13), (14, 14, 1))
    keras.backend.clear_session()
    model = nested(keras)
    seeded(model, 4)
    model.save(path("nested_2.h5"))
    model.save_weights(path("nested_2w.weights.h5"))
    open(path("nested_2w.json"), "w").write(model.to_json())
    for name in ("nested_2", "nested_2w"):
        answer(model, name, np.random.default_rng(14), (6, 7, 3))


def first():
    """Two layers as Keras 1 on Theano wrote them: no versions, kernels O, I, H, W."""
    import h5py
    rng = np.random.default_rng(5)
    with h5py.File(path("theano_1.h5"), "w", track_order=False) as f:
        f.attrs["layer_names"] = [b"input_1", b"level1", b"output"]
        f.create_group("input_1").attrs["weight_names"] = []
        for name, shape in (("level1", (4, 3, 5, 5)), ("output", (3, 4, 3, 3))):
            g = f.create_group(name)
            g.attrs["weight_names"] = [(name + "_W").encode(), (name + "_b").encode()]
            g[name + "_W"] = rng.standard_normal(shape).astype(np.float32)
            g[name + "_b"] = rng.standard_normal(shape[:1]).astype(np.float32)


if __name__ == "__main__":
    os.makedirs(HERE, exist_ok=True)
    {"1": first, "2": second, "3": third}[sys.argv[1]]()
