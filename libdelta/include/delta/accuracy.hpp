// Accuracies: how the values of a namespace are rounded before they are written. Lossless unless asked for (law 9).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "delta/export.hpp"
#include "delta/numbers.hpp"
#include "delta/result.hpp"

namespace delta {

/// Rounding has no memory: what is stored is a function of the vector that was given, not of what was stored before. So
/// errors do not add up however many versions there are, equal vectors are stored equally, and a vector that was given
/// whole stays as it is when it is read back and written again. Rounded values are float32 like any others; deltas are
/// what differs from them, bit by bit.
///
/// With x a value that was given and x' what is stored of it:
///
///   exact         x' = x, bit for bit.
///   max_error     |x' - x| <= E. x' = f32(k s): k is x/s rounded to the nearest integer, ties to even, and s the
///   largest step 2^(j/8)
///                 <= 2E, j from -1280 to 880. Where |k| would reach 2^23, or where rounding to float32 would leave the
///                 bound, x' = x. Zeros become +0.
///   max_relative  |x' - x| <= R |x|. x' is x with m bits behind the leading one of its significand, to nearest, ties
///   to the even bit
///                 pattern; m is the least with 2^-(m+1) <= R. Of subnormal values the leading one is the first bit
///                 that is set. What would overflow stays x.
///   f16, bf16     x' is the nearest value of IEEE 754 binary16 or of bfloat16, the upper half of a float32 (7 bits of
///                 fraction), subnormal ones included, ties to even: |x' - x| <= max(2^-11 |x|, 2^-25), or max(2^-8
///                 |x|, 2^-134). What lies beyond is refused.
///   int8, int4    x' = f32(k s), k as above and |k| <= n = 127 or 7: symmetric uniform quantisation (Krishnamoorthi,
///   Quantizing deep
///                 convolutional networks for efficient inference, 2018, section 2.2) with a step for each vector, s
///                 the least 2^(j/8) that keeps |k| <= n for the largest |x| of it. Nothing saturates: |x' - x| <= s/2,
///                 which is at most 0.43 % or 7.3 % of the largest |x| (and a rounding to float32). Vectors without a
///                 normal value stay as they are; zeros become +0.
///   binary        x' = c with the sign of x, where c is the mean of the |x| of the vector: the c of least squares
///   (Rastegari et al.,
///                 XNOR-Net, 2016, section 3.1). float64 sum in order of dimension, divided, rounded once. Zeros count
///                 as positive.
///
/// Values that are not finite, where they are allowed, stay bit for bit, and have no part in s and c.
///
/// A dead band of E comes on top, alone or beside one of these: of a whole vector, a value x that differs from what is
/// stored of it by at most E, as real numbers, is no change, and what is stored stays. This alone has a memory, but no
/// drift: it is the value given, not the rounded one, that is compared with what is stored. So x' is never further from
/// x than the larger of both bounds, at every version.
///
/// An update of some dimensions under int8, int4 and binary takes s and c from the vector as it would stand, old values
/// as stored and new ones as given.
struct Accuracy {
  enum class Kind : std::uint8_t { exact, max_error, max_relative, f16, bf16, int8, int4, binary };
  Kind kind = Kind::exact;
  double bound = 0;         ///< E, finite and > 0; or R, > 0 and < 1; of other kinds 0
  double ignore_below = 0;  ///< E of the dead band, finite and > 0; 0: there is none

  /// "max-error=0.0001", "max-relative=0.01", "f16", "ignore-below=1e-06", "int8,ignore-below=1e-06", ... usage: a
  /// bound that is none; unsupported: a kind that this version does not know
  /// ("exact" is none: it is not recorded).
  DELTA_EXPORT static Result<Accuracy> parse(std::string_view text);
  /// What parse() reads back to the same bound; "exact" of that.
  DELTA_EXPORT std::string to_text() const;
  bool lossy() const { return kind != Kind::exact || ignore_below > 0; }
  friend bool operator==(const Accuracy&, const Accuracy&) = default;
};

/// What a commit of a log says of the values of a namespace (Setting::Kind::accuracy).
struct RecordedAccuracy {
  std::string name_space;
  std::string text;  ///< as Accuracy::parse() takes it; a later version may have written a kind that it does not know
  CommitNo commit{};
};

}  // namespace delta
