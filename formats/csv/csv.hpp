// Tables of text with commas, as RFC 4180 has them.
#pragma once

#include "formats/dataset.hpp"

namespace delta::formats {

/// A first line of names is told by a first field "id" or "", or by another field than the first that is not a number;
/// or any of options.fields is given. With names, the column of options.fields.id, else "id", else one without a name
/// that stands first, holds the ids, and the others hold values, except those that fields.keep puts into metadata, as
/// texts. Where fields.vector names a column, that holds all values, as "[1, 2]", and other columns are left out, or
/// kept. Without names a first column that holds no number holds the ids. Errors: bad_input with file and line, for a
/// record of more or fewer fields, a quote out of place, a value that is not a number; usage: a column that is not
/// there.
Result<Dataset> open_csv(std::unique_ptr<ByteSource> bytes, const ReadOptions& options);

/// A line of names, "id" and "v0", "v1", ...; a line a row. Metadata is left out.
Result<std::unique_ptr<DatasetSink>> create_csv(ByteSink& out, std::span<const TableShape> tables);

}  // namespace delta::formats
