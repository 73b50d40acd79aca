// Marks what the shared library exports; everything else stays hidden.
#pragma once

#define DELTA_EXPORT __attribute__((visibility("default")))
/// A part of an exported class that is for the library itself.
#define DELTA_HIDDEN __attribute__((visibility("hidden")))
