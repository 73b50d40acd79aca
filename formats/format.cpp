// What is known about each format stands in one table, so that a new format is one row and its own file. Magic beats
// suffix, because the suffix is only a name and the magic is part of the file.
#include "formats/format.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include "delta/text.hpp"
#include "formats/bin.hpp"
#include "formats/csv/csv.hpp"
#include "formats/json/json_state.hpp"
#include "formats/ndjson.hpp"
#include "formats/npy.hpp"
#include "formats/npz/npz.hpp"
#include "formats/safetensors/safetensors.hpp"
#include "formats/suggest.hpp"
#include "formats/vecs.hpp"
#include "formats/word2vec/word2vec.hpp"

namespace delta::formats {
namespace {

using Bytes = std::span<const std::uint8_t>;

using Create = Result<std::unique_ptr<DatasetSink>> (*)(ByteSink&, std::span<const TableShape>);
using Open = Result<Dataset> (*)(std::unique_ptr<ByteSource>, const ReadOptions&);

struct FormatInfo {
  Format format;
  FormatTraits traits;
  bool (*is)(Bytes head);                    // whether the first bytes are of it; null: they do not say
  std::array<std::string_view, 3> suffixes;  // lower case; empty: none
  Open open;
  Create create;
};

bool has_magic(Bytes head, std::string_view magic) {
  return !magic.empty() && head.size() >= magic.size() && std::memcmp(head.data(), magic.data(), magic.size()) == 0;
}
bool is_npy(Bytes head) { return has_magic(head, kNpyMagic); }
bool is_zip(Bytes head) { return has_magic(head, "PK\x03\x04") || has_magic(head, "PK\x05\x06"); }

constexpr std::array kFormats = {
    FormatInfo{Format::npy, {.name = "npy", .typed = true}, is_npy, {".npy"}, open_npy_dataset, create_npy},
    FormatInfo{Format::npz, {.name = "npz", .several = true, .typed = true}, is_zip, {".npz"}, open_npz, create_npz},
    FormatInfo{Format::safetensors,
               {.name = "safetensors", .several = true, .typed = true},
               is_safetensors,
               {".safetensors"},
               open_safetensors,
               create_safetensors},
    FormatInfo{Format::fvecs,
               {.name = "fvecs", .typed = true, .element = Element::f32},
               nullptr,
               {".fvecs"},
               open_fvecs,
               create_fvecs},
    FormatInfo{Format::bvecs,
               {.name = "bvecs", .typed = true, .element = Element::u8},
               nullptr,
               {".bvecs"},
               open_bvecs,
               create_bvecs},
    FormatInfo{Format::ivecs,
               {.name = "ivecs", .typed = true, .element = Element::f32},
               nullptr,
               {".ivecs"},
               open_ivecs,
               create_ivecs},
    FormatInfo{Format::fbin,
               {.name = "fbin", .typed = true, .element = Element::f32},
               nullptr,
               {".fbin"},
               open_fbin,
               create_fbin},
    FormatInfo{Format::u8bin,
               {.name = "u8bin", .typed = true, .element = Element::u8},
               nullptr,
               {".u8bin"},
               open_u8bin,
               create_u8bin},
    FormatInfo{Format::i8bin,
               {.name = "i8bin", .typed = true, .element = Element::i8},
               nullptr,
               {".i8bin"},
               open_i8bin,
               create_i8bin},
    FormatInfo{Format::raw, {.name = "raw", .typed = true, .dims = true}, nullptr, {".raw"}, open_raw, create_raw},
    FormatInfo{Format::word2vec,
               {.name = "word2vec", .text = true},
               nullptr,
               {".vec", ".w2v"},
               open_word2vec,
               create_word2vec},
    FormatInfo{Format::word2vec_bin,
               {.name = "word2vec-bin"},
               nullptr,
               {".bin"},
               open_word2vec_binary,
               create_word2vec_binary},
    FormatInfo{
        Format::glove, {.name = "glove", .text = true, .dims = true}, nullptr, {".glove"}, open_glove, create_glove},
    FormatInfo{Format::csv, {.name = "csv", .text = true, .fields = true}, nullptr, {".csv"}, open_csv, create_csv},
    FormatInfo{Format::ndjson,
               {.name = "ndjson", .updates = true, .several = true, .text = true, .fields = true},
               nullptr,
               {".ndjson", ".jsonl", ".json"},
               open_json_state,
               create_ndjson},
};

/// A format that we do not read: how it is recognised, and a line of Python that converts it.
struct Foreign {
  std::string_view name, magic;
  std::array<std::string_view, 2> suffixes;
  std::string_view recipe;
};
constexpr std::array kForeign = {
    Foreign{"a PyTorch file",
            "",
            {".pt", ".pth"},
            "numpy.save('x.npy', torch.load('x.pt').float().numpy()), if it is one tensor"},
    Foreign{"a Parquet file",
            "PAR1",
            {".parquet"},
            "numpy.save('x.npy', numpy.stack(pandas.read_parquet('x.parquet')['vector']).astype('float32'))"},
    Foreign{"an Arrow file",
            "ARROW1",
            {".arrow", ".feather"},
            "numpy.save('x.npy', numpy.stack(pandas.read_feather('x.arrow')['vector']).astype('float32'))"},
    Foreign{"a Lance table",
            "",
            {".lance"},
            "numpy.save('x.npy', numpy.stack(lance.dataset('x.lance').to_table().to_pandas()['vector']))"},
    Foreign{"an HDF5 file",
            "\x89HDF\r\n\x1a\n",
            {".h5", ".hdf5"},
            "numpy.save('x.npy', h5py.File('x.h5')['train'][:].astype('float32'))"},
    Foreign{"a pickle",
            "",
            {".pkl", ".pickle"},
            "numpy.save('x.npy', numpy.asarray(pandas.read_pickle('x.pkl'), 'float32')), if you trust the file"},
};

bool is_pickle(Bytes head) { return head.size() >= 3 && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5; }

const FormatInfo& info(Format format) {
  const auto* found = std::find_if(kFormats.begin(), kFormats.end(), [&](const auto& f) { return f.format == format; });
  DELTA_CHECK(found != kFormats.end());
  return *found;
}

bool has_suffix(std::string_view path, std::string_view suffix) {
  if (suffix.empty() || path.size() <= suffix.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  const std::string_view tail = path.substr(path.size() - suffix.size());
  return std::equal(tail.begin(), tail.end(), suffix.begin(), [&](char a, char b) { return lower(a) == b; });
}

template <class Suffixes>
bool has_one_of(std::string_view path, const Suffixes& suffixes) {
  return std::ranges::any_of(suffixes, [&](std::string_view suffix) { return has_suffix(path, suffix); });
}

/// Null: none of these. A file of PyTorch is a zip file, which alone says little.
const Foreign* foreign(std::string_view path, Bytes head) {
  for (const Foreign& f : kForeign) {
    if (has_magic(head, f.magic)) return &f;
    const bool named = has_one_of(path, f.suffixes);
    if (named && (head.empty() || is_zip(head) || is_pickle(head))) return &f;
  }
  return is_pickle(head) ? &kForeign.back() : nullptr;
}

}  // namespace

const FormatTraits& traits(Format format) { return info(format).traits; }
std::string_view format_name(Format format) { return info(format).traits.name; }
bool is_matrix(Format format) { return !info(format).traits.updates; }

std::vector<std::string_view> format_names() {
  std::vector<std::string_view> names;
  for (const FormatInfo& f : kFormats) names.push_back(f.traits.name);
  return names;
}

std::string known_formats() {
  std::string names;
  for (const std::string_view name : format_names()) (names += names.empty() ? "" : ", ") += name;
  return names;
}

Result<Format> format_named(std::string_view name) {
  for (const FormatInfo& f : kFormats) {
    if (f.traits.name == name) return f.format;
  }
  const auto near = nearest(name, format_names());
  return error(ErrorCode::usage, quote(name) + " is not a known format")
      .with_hint(near.empty() ? "known formats: " + known_formats() : "did you mean " + std::string(near) + "?");
}

Result<Format> detect_format(std::string_view path, Bytes head) {
  if (const Foreign* const f = foreign(path, head)) {
    return error(ErrorCode::unsupported, std::string(f->name) + " is not read")
        .with_hint("in Python: " + std::string(f->recipe));
  }
  for (const FormatInfo& f : kFormats) {
    if (f.is != nullptr && f.is(head)) return f.format;
  }
  if (path == "-") return Format::ndjson;
  for (const FormatInfo& f : kFormats) {
    if (has_one_of(path, f.suffixes)) return f.format;
  }
  return error(ErrorCode::usage, "the format cannot be told from the first bytes or from the name of the file")
      .with_hint("name the format with --from: " + known_formats() + "; convert other formats first");
}

Result<Dataset> open_dataset(Format format, std::unique_ptr<ByteSource> bytes, const ReadOptions& options) {
  const std::string file = bytes->name();
  DELTA_TRY(auto dataset, info(format).open(std::move(bytes), options));
  std::set<std::string_view> names;
  for (const auto& table : dataset.tables) {  // two of one name would take each other for what it was before
    if (names.insert(table->name()).second) continue;
    const auto name = table->name().empty() ? std::string("the default namespace") : quote(table->name(), 60);
    return error(ErrorCode::bad_input, "two tables of the file are of " + name).in(file);
  }
  return dataset;
}

Result<std::unique_ptr<DatasetSink>> create_dataset(Format format, ByteSink& out, std::span<const TableShape> tables) {
  return info(format).create(out, tables);
}

}  // namespace delta::formats
