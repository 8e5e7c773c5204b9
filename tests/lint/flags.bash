# SPDX-License-Identifier: ISC
# What the sources are read with, by those that do not get it from the Makefile.
FLAGS=(-D_GNU_SOURCE -DFLASHBACK_VERSION='"0"' -DFLASHBACK_SYSCONFDIR='"/etc"' -Iinclude)
