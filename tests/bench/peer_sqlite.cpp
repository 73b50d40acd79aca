// The peer that most would take first: SQLite, a row of a table for each changed row, its values as a blob.
//
//   bench_sqlite write FILE MATRIX.npy...  bench_sqlite read FILE VERSION OUT.npy
//   bench_sqlite history FILE ROW          bench_sqlite warm FILE ROW
//
// A version is one transaction, on disk before the next one begins (synchronous = full, with a write-ahead log, which
// is the quicker kind). In the end the log is folded into the file.
#include <sqlite3.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "matrix_file.hpp"

using namespace bench;

namespace {

class Database {
 public:
  Database(const std::string& path, int flags) {
    if (sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr) != SQLITE_OK) failed();
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() { sqlite3_close(handle_); }

  void run(const char* sql) {
    if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) failed();
  }
  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(handle_, sql, -1, &statement, nullptr) != SQLITE_OK) failed();
    return statement;
  }
  // Whether there is one more row.
  bool step(sqlite3_stmt* statement) {
    const int got = sqlite3_step(statement);
    if (got != SQLITE_ROW && got != SQLITE_DONE) failed();
    return got == SQLITE_ROW;
  }

 private:
  [[noreturn]] void failed() { fail_with(std::string("SQLite: ") + sqlite3_errmsg(handle_)); }
  sqlite3* handle_ = nullptr;
};

void write_all(const std::string& path, const std::vector<std::string>& inputs) {
  Database db(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  // Larger pages than usual: of 4096 bytes, rows of 1536 would waste a quarter.
  db.run(
      "PRAGMA page_size = 16384; PRAGMA journal_mode = wal; PRAGMA synchronous = full;"
      "CREATE TABLE vectors (id INTEGER, version INTEGER, vec BLOB, UNIQUE (id, version));"
      "CREATE TABLE versions (version INTEGER PRIMARY KEY, row_count INTEGER, dims INTEGER)");
  sqlite3_stmt* put = db.prepare("INSERT INTO vectors VALUES (?, ?, ?)");
  sqlite3_stmt* note = db.prepare("INSERT INTO versions VALUES (?, ?, ?)");
  Matrix before, now;
  for (int version = 0; version < static_cast<int>(inputs.size()); ++version) {
    load(inputs[static_cast<std::size_t>(version)], now);
    db.run("BEGIN");
    for (const std::uint32_t row : changed_rows(before, now)) {
      sqlite3_bind_int64(put, 1, row);
      sqlite3_bind_int(put, 2, version);
      sqlite3_bind_blob(put, 3, now.row(row), static_cast<int>(now.row_bytes()), SQLITE_STATIC);
      db.step(put);
      sqlite3_reset(put);
    }
    sqlite3_bind_int(note, 1, version);
    sqlite3_bind_int64(note, 2, now.rows);
    sqlite3_bind_int64(note, 3, now.dims);
    db.step(note);
    sqlite3_reset(note);
    db.run("COMMIT");
    std::swap(before, now);
  }
  sqlite3_finalize(put);
  sqlite3_finalize(note);
  db.run("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = delete");
}

void read_version(const std::string& path, std::uint32_t version, const std::string& output) {
  Database db(path, SQLITE_OPEN_READONLY);
  sqlite3_stmt* shape = db.prepare("SELECT row_count, dims FROM versions WHERE version = ?");
  sqlite3_bind_int64(shape, 1, version);
  if (!db.step(shape)) fail_with("no such version");
  Matrix matrix;
  matrix.rows = static_cast<std::uint32_t>(sqlite3_column_int64(shape, 0));
  matrix.dims = static_cast<std::uint32_t>(sqlite3_column_int64(shape, 1));
  sqlite3_finalize(shape);
  matrix.values.resize(std::size_t{matrix.rows} * matrix.dims);
  // As they were written, so that the last one of a row wins; asking for the last one of each is slower.
  sqlite3_stmt* rows = db.prepare("SELECT id, vec FROM vectors WHERE version <= ? ORDER BY rowid");
  sqlite3_bind_int64(rows, 1, version);
  while (db.step(rows)) {
    const auto row = static_cast<std::uint64_t>(sqlite3_column_int64(rows, 0));
    if (row >= matrix.rows || static_cast<std::size_t>(sqlite3_column_bytes(rows, 1)) != matrix.row_bytes()) {
      fail_with("a row of another shape");
    }
    std::memcpy(matrix.row(row), sqlite3_column_blob(rows, 1), matrix.row_bytes());
  }
  sqlite3_finalize(rows);
  store(output, matrix);
}

/// Asks of one row, again and again.
class OfRow {
 public:
  OfRow(Database& db, const char* question) : db_(db), statement_(db.prepare(question)) {}
  OfRow(const OfRow&) = delete;
  OfRow& operator=(const OfRow&) = delete;
  ~OfRow() { sqlite3_finalize(statement_); }

  template <class Visit>
  void ask(std::uint32_t row, const Visit& visit) {
    sqlite3_bind_int64(statement_, 1, row);
    while (db_.step(statement_)) visit(statement_);
    sqlite3_reset(statement_);
  }

 private:
  Database& db_;
  sqlite3_stmt* statement_;
};

constexpr const char* kHistory = "SELECT version, vec FROM vectors WHERE id = ? ORDER BY version";

std::size_t changes_of(OfRow& history, std::uint32_t row) {
  std::size_t changes = 0;
  history.ask(row, [&](sqlite3_stmt* at) { changes += sqlite3_column_bytes(at, 1) > 0; });
  return changes;
}

void history_of(const std::string& path, std::uint32_t row) {
  Database db(path, SQLITE_OPEN_READONLY);
  OfRow history(db, kHistory);
  std::printf("%zu\n", changes_of(history, row));
}

void warm(const std::string& path) {
  Database db(path, SQLITE_OPEN_READONLY);
  sqlite3_stmt* shape = db.prepare("SELECT row_count FROM versions WHERE version = 0");
  if (!db.step(shape)) fail_with("no first version");
  const auto rows = static_cast<std::uint32_t>(sqlite3_column_int64(shape, 0));
  sqlite3_finalize(shape);
  OfRow history(db, kHistory), last(db, "SELECT vec FROM vectors WHERE id = ? ORDER BY version DESC LIMIT 1");
  const auto present = [&](std::uint32_t row) {
    float value = 0;
    last.ask(row, [&](sqlite3_stmt* at) { std::memcpy(&value, sqlite3_column_blob(at, 0), sizeof value); });
    return value;
  };
  print_warm(
      rows, [&](std::uint32_t row) { return changes_of(history, row); }, present);
}

}  // namespace

int main(int count, char** arguments) { return run_peer(count, arguments, write_all, read_version, history_of, warm); }
