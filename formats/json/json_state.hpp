// Objects of JSON as a whole state: each is a row.
#pragma once

#include "formats/dataset.hpp"

namespace delta::formats {

/// Records as JsonRecords cuts them and JsonRowParser reads them. Without options.fields they have the shape that a
/// snapshot writes: id, vector, and namespace and metadata, if there are any; a line that declares a namespace makes an
/// empty table. With them, members that no option names are skipped, except an object "metadata". Rows that name
/// no namespace are of options.name. Errors: bad_input or limit, with file and line.
Result<Dataset> open_json_state(std::unique_ptr<ByteSource> bytes, const ReadOptions& options);

}  // namespace delta::formats
