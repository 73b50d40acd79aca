// Which file is of which format, and who reads and writes it: the one table of formats.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/dataset.hpp"

namespace delta::formats {

enum class Format : std::uint8_t {
  npy,
  npz,
  safetensors,
  fvecs,
  bvecs,
  ivecs,
  fbin,
  u8bin,
  i8bin,
  raw,
  word2vec,
  word2vec_bin,
  glove,
  csv,
  ndjson,
};

/// What a file of a format can hold.
struct FormatTraits {
  std::string_view name;                ///< as `--from` and `--to` call it
  bool updates = false;                 ///< its lines are updates, unless they are asked to be a state
  bool several = false;                 ///< tables, by name
  bool text = false;                    ///< lines for people
  bool typed = false;                   ///< its elements have a type
  bool dims = false;                    ///< ReadOptions::dims say what the file does not
  bool fields = false;                  ///< ReadOptions::fields say which of its members or columns are what
  std::optional<Element> element = {};  ///< the only one
};
const FormatTraits& traits(Format format);

std::string_view format_name(Format format);
/// All of them.
std::vector<std::string_view> format_names();
/// "npy, ndjson": for messages and help.
std::string known_formats();
/// Errors: `usage` for an unknown name, listing the known ones.
Result<Format> format_named(std::string_view name);
/// By the first bytes (16 are enough; fewer or none are fine), then by the suffix; "-" without a magic is NDJSON.
/// Errors: `usage`, listing the known formats; `unsupported` for a format of others, saying how to convert it.
Result<Format> detect_format(std::string_view path, std::span<const std::uint8_t> head);
/// True if a file of this format is a state, whatever is asked. NDJSON is a stream of updates.
bool is_matrix(Format format);

/// Opens a file as a state. Errors: what the format refuses, with the file's name.
Result<Dataset> open_dataset(Format format, std::unique_ptr<ByteSource> bytes, const ReadOptions& options);
/// A sink for these tables, in this order, whose bytes go to `out`, which must outlive it. REQUIRES: one table where
/// traits() says so, at least one where the elements have types. Errors: bad_input for what the format cannot hold;
/// what writing gives.
Result<std::unique_ptr<DatasetSink>> create_dataset(Format format, ByteSink& out, std::span<const TableShape> tables);

}  // namespace delta::formats
