/* SPDX-License-Identifier: MIT */
/* window_attention.h - the entry of WindowAttention in the list of operators of our own */
#ifndef CI_WINDOW_ATTENTION_H
#define CI_WINDOW_ATTENTION_H

#include "net/function.h"

extern const ci_function ci_function_window_attention;

#endif
