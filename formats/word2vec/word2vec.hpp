// Words and their vectors: as word2vec writes them, in text or binary behind a line "rows dimensions", and as GloVe
// does, in text without that line.
#pragma once

#include "formats/dataset.hpp"

namespace delta::formats {

/// Text: a line a word, the word and its numbers kept apart by spaces or tabs; the last `dims` fields are the numbers,
/// so that a word may hold spaces. Errors: bad_input with file and line, for a first line of another kind, a line of
/// too few fields, more or fewer lines than the first one says.
Result<Dataset> open_word2vec(std::unique_ptr<ByteSource> bytes, const ReadOptions& options);
/// Binary: a word, a space, little-endian float32; a line end before the next word may be there. Errors: bad_input with
/// file and row, for a first line of another kind, a word that is no id, a file that ends early or goes on.
Result<Dataset> open_word2vec_binary(std::unique_ptr<ByteSource> bytes, const ReadOptions& options);
/// As the text of word2vec, without the first line: options.dims, or one less than the fields of the first line.
Result<Dataset> open_glove(std::unique_ptr<ByteSource> bytes, const ReadOptions& options);

/// bad_input: an id with a space or a tab, which would read as another. GloVe: no rows, since then nothing says the
/// dimensions.
Result<std::unique_ptr<DatasetSink>> create_word2vec(ByteSink& out, std::span<const TableShape> tables);
Result<std::unique_ptr<DatasetSink>> create_word2vec_binary(ByteSink& out, std::span<const TableShape> tables);
Result<std::unique_ptr<DatasetSink>> create_glove(ByteSink& out, std::span<const TableShape> tables);

}  // namespace delta::formats
