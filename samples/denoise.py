#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""denoise.py MODEL PICTURE RESULT - the library from Python, through ctypes alone

CNNIMG_LIBRARY names the shared library where it is not in the loader's path.
"""
import ctypes as c
import os
import sys

lib = c.CDLL(os.environ.get("CNNIMG_LIBRARY", "libcnnimg.so.0"))


class Error(c.Structure):
    _fields_ = [("code", c.c_int), ("text", c.c_char * 508)]


class Format(c.Structure):
    _fields_ = [("width", c.c_uint32), ("height", c.c_uint32), ("colours_alpha_sample_transfer", c.c_uint8 * 4)]


class View(c.Structure):
    _fields_ = [("data", c.c_void_p), ("format", Format), ("row_pixel_channel_alpha_strides", c.c_ssize_t * 4)]


def call(name, *args):
    error = Error()
    if getattr(lib, name)(*args, c.byref(error)):
        sys.exit(error.text.decode())


def make(name, *args):
    made = c.c_void_p()
    call(name, *args, c.byref(made))
    return made


def main(model_path, source, result):
    lib.cnnimg_reader_info.restype = c.POINTER(Format)  # the info begins with the format
    lib.cnnimg_pixel_bytes.restype = c.c_size_t
    context = make("cnnimg_open", None)
    model = make("cnnimg_model_load", context, os.fsencode(model_path))
    reader = make("cnnimg_reader_open", context, os.fsencode(source), 1)
    form = lib.cnnimg_reader_info(reader)
    row = form[0].width * lib.cnnimg_pixel_bytes(form)
    pixels = c.create_string_buffer(row * form[0].height)  # any writable buffer will do, a numpy array too
    for y in range(form[0].height):
        call("cnnimg_reader_row", reader, c.byref(pixels, y * row))
    session, view = make("cnnimg_session_new", context, model, None, form), View()
    lib.cnnimg_view_init(c.byref(view), form, pixels)
    call("cnnimg_run", session, c.byref(view), c.byref(view))
    writer = make("cnnimg_writer_open", context, os.fsencode(result), form, reader, None)
    for y in range(form[0].height):
        call("cnnimg_writer_row", writer, c.byref(pixels, y * row))
    call("cnnimg_writer_finish", writer)  # the rest goes with the process


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) == 4 else sys.exit(__doc__)
