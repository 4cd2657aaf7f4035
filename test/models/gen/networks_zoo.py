"""The networks of networks.py: what people put on microcontrollers, each in its smallest form that still learns."""

import keras

L = keras.layers
CLASSES = 10


def conv(x, channels, size=3, strides=1, activation="relu"):
    """Convolution, batch normalisation, activation: the layer of which most networks are made."""
    x = L.Conv2D(channels, size, strides=strides, padding="same", use_bias=False)(x)
    x = L.BatchNormalization()(x)
    return L.Activation(activation)(x) if activation else x


def depthwise(x, strides=1, activation="relu6"):
    x = L.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
    return L.Activation(activation)(L.BatchNormalization()(x))


def image(side=14, highest=255.0):
    """An input of bytes, and what the network makes of them first."""
    x0 = keras.Input((side, side, 1), name="image")
    return x0, L.Rescaling(1 / highest)(x0)


def classifier(x0, x):
    return keras.Model(x0, L.Dense(CLASSES, activation="softmax", name="classes")(x))


def mlp():
    x0, x = image()
    x = L.Dense(40, activation="relu")(L.Flatten()(x))
    x = L.Dropout(0.1)(x)
    return classifier(x0, L.Dense(24, activation="tanh")(x))


def digits_cnn():
    x0, x = image(8, 16.0)
    x = L.Conv2D(8, 3, activation="relu")(x)
    x = L.Conv2D(16, 3, activation="relu")(x)
    x = L.MaxPooling2D()(x)
    return classifier(x0, L.Flatten()(x))


def cnn():
    x0, x = image()
    x = L.MaxPooling2D()(conv(x, 8))
    x = L.MaxPooling2D()(conv(x, 16))
    x = L.Dense(24, activation="relu")(L.Flatten()(x))
    return classifier(x0, x)


def separable_cnn():
    x0, x = image()
    x = conv(x, 16, strides=2, activation="relu6")
    for channels in (24, 32, 32):
        x = conv(depthwise(x), channels, 1, activation="relu6")
    return classifier(x0, L.GlobalAveragePooling2D()(x))


def residual_cnn():
    x0, x = image()
    x = conv(x, 8)
    for channels, strides in ((8, 1), (16, 2), (16, 1)):
        y = conv(conv(x, channels, strides=strides), channels, activation=None)
        same = strides == 1 and x.shape[-1] == channels
        x = L.ReLU()(L.Add()([y, x if same else conv(x, channels, 1, strides, None)]))
    x = L.AveragePooling2D(7)(x)
    return classifier(x0, L.Flatten()(x))


def inverted_residual_cnn():
    """MobileNetV2's block: wide between, narrow and without an activation at its ends."""
    x0, x = image()
    x = conv(x, 12, strides=2, activation="relu6")
    for _ in range(3):
        y = depthwise(conv(x, 36, 1, activation="relu6"))
        x = L.Add()([x, conv(y, 12, 1, activation=None)])
    return classifier(x0, L.GlobalAveragePooling2D()(conv(x, 48, 1, activation="relu6")))


def squeeze_excite_cnn():
    """MobileNetV3's: hard swish, and channels weighted by what is in all of the picture."""
    x0, x = image()
    x = conv(x, 16, strides=2, activation="hard_swish")
    for _ in range(2):
        y = depthwise(x, activation="hard_swish")
        weight = L.GlobalAveragePooling2D(keepdims=True)(y)
        weight = L.Conv2D(16, 1, activation="hard_sigmoid")(L.Conv2D(8, 1, activation="relu")(weight))
        x = conv(L.Multiply()([y, weight]), 16, 1, activation="hard_swish")
    return classifier(x0, L.GlobalAveragePooling2D()(x))


def activations_cnn():
    x0, x = image()
    x = L.PReLU(shared_axes=[1, 2])(conv(x, 8, strides=2, activation=None))
    x = L.ELU()(conv(x, 12, activation=None))
    x = L.LeakyReLU(negative_slope=0.1)(conv(x, 12, activation=None))
    x = L.AveragePooling2D(2, padding="same")(x)
    x = conv(x, 16, activation="swish")
    return classifier(x0, L.GlobalMaxPooling2D()(x))


def branches_cnn():
    """Inception's block: several sizes of kernel beside each other, one of them dilated."""
    x0, x = image()
    x = conv(x, 8, strides=2)
    for _ in range(2):
        dilated = L.Conv2D(8, 3, padding="same", dilation_rate=2, activation="relu")(x)
        pooled = conv(L.MaxPooling2D(3, 1, padding="same")(x), 4, 1)
        x = L.Concatenate()([conv(x, 4, 1), conv(x, 8), dilated, pooled])
    return classifier(x0, L.GlobalAveragePooling2D()(x))


def transposed_autoencoder():
    x0, x = image()
    x = conv(x, 8, strides=2)
    x = L.Conv2D(4, 3, padding="valid", activation="relu")(x)
    x = L.Conv2DTranspose(8, 3, activation="relu")(x)
    x = L.Conv2DTranspose(8, 3, strides=2, padding="same", activation="relu")(x)
    return keras.Model(x0, L.Conv2D(1, 3, padding="same", activation="sigmoid", name="picture")(x))


def upsampling_autoencoder():
    x0, x = image()
    x = L.MaxPooling2D()(conv(x, 8))
    x = conv(x, 4)
    x = conv(L.UpSampling2D()(x), 8)
    return keras.Model(x0, L.Conv2D(1, 3, padding="same", name="picture")(x))


def motion(normal):
    x0 = keras.Input((50, 6), name="motion")
    return x0, normal(x0)


def motion_cnn(normal):
    x0, x = motion(normal)
    x = L.Conv1D(12, 5, strides=2, padding="same", use_bias=False)(x)
    # Few steps of training: with the usual momentum its statistics would stay near where they start.
    x = L.ReLU()(L.BatchNormalization(momentum=0.9)(x))
    x = L.MaxPooling1D(2)(x)
    x = L.Conv1D(16, 3, activation="relu")(x)
    return keras.Model(x0, L.Dense(4, activation="softmax")(L.GlobalAveragePooling1D()(x)))


def motion_dilated_cnn(normal):
    """A temporal convolutional network: causal, dilated, with residuals."""
    x0, x = motion(normal)
    x = L.Conv1D(12, 1)(x)
    for rate in (1, 2, 4):
        y = L.Conv1D(12, 3, padding="causal", dilation_rate=rate, activation="relu")(x)
        x = L.Add()([x, L.Conv1D(12, 1)(y)])
    return keras.Model(x0, L.Dense(4, activation="softmax")(L.GlobalAveragePooling1D()(x)))


def motion_lstm(normal):
    x0, x = motion(normal)
    return keras.Model(x0, L.Dense(4, activation="softmax")(L.LSTM(16)(x)))


def motion_transformer(normal):
    """One block of an encoder over patches of five steps, normalised before each half."""
    x0, x = motion(normal)
    x = L.Conv1D(16, 5, strides=5)(x)
    y = L.LayerNormalization()(x)
    x = L.Add()([x, L.MultiHeadAttention(2, 8)(y, y)])
    y = L.LayerNormalization()(x)
    x = L.Add()([x, L.Dense(16)(L.Dense(32, activation="swish")(y))])
    x = L.GlobalAveragePooling1D()(L.LayerNormalization()(x))
    return keras.Model(x0, L.Dense(4, activation="softmax")(x))


def motion_gru(normal):
    x0, x = motion(normal)
    return keras.Model(x0, L.Dense(4, activation="softmax")(L.GRU(12)(x)))
