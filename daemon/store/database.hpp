// One SQLite connection and its prepared statements. Failures are sticky: after the first one every
// further operation does nothing, and the end of the transaction asks once whether all went well.
// That keeps the SQL readable and makes it impossible to use a half-written batch.
//
// One thread. sqlite3.h stays in the .cpp files of this room.
#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

struct sqlite3;
struct sqlite3_context;
struct sqlite3_stmt;
struct sqlite3_value;

namespace holdfast::store {

class Vault;

// What the store does about a failure; see SqliteJournal for each.
enum class Trouble {
    none,
    full,      // SQLITE_FULL, ENOSPC, EDQUOT, EFBIG: wait for room
    readonly,  // SQLITE_READONLY, EROFS, EACCES: open again later
    missing,   // SQLITE_CANTOPEN: the folder or file is not there
    busy,      // somebody else holds a lock
    io,        // anything the disk refused: outcome unknown, never trust this connection again
    corrupt,   // SQLITE_CORRUPT, SQLITE_NOTADB, tables that are not ours: move the file aside
    row,       // a constraint or a size limit: this one row can never be written
};
const char* to_string(Trouble trouble);

struct Failure {
    int code = 0;  // extended SQLite result code, 0 = none
    int system_errno = 0;
    std::string during;  // our words, never content

    Trouble trouble() const;
    std::string text() const;  // for logs: code, errno and `during`
};

using Cell = std::variant<std::nullptr_t, std::int64_t, std::string>;
struct Blob {
    std::string_view bytes;
};

class Database {
  public:
    enum class Mode {
        owner,      // the journal's connection: everything 3.3 of the reference asks for
        salvage,    // reads a damaged copy; replays its log in memory, writes nothing
        repair,     // writes to a copy of a damaged one, its schema included
        immutable,  // reads a file that has no log
    };
    // Opens and prepares for reading; `failure()` says whether it worked. Nothing is written to the file,
    // so that a file which is not ours stays as it is.
    Database(const std::string& path, const std::string& vfs, Mode mode);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    bool ok() const { return failure_.code == 0; }
    const Failure& failure() const { return failure_; }
    // Forgets the failure of one statement, so that reading can go on behind a damaged page.
    void forgive() { failure_ = {}; }

    // The SQL function reveal(stored, call_sid, 'table.column', row) opens sealed texts with it; NULL: it cannot. Without a vault
    // no sealed text opens. `vault` outlives the connection.
    void use_vault(Vault* vault) { vault_ = vault; }
    Vault* vault() const { return vault_; }
    std::int64_t unrevealed() const { return unrevealed_; }  // texts that did not open, so far

    // Makes an owner's connection fit for writing: WAL, FULL and the rest.
    void own();

    void fail(int code, std::string_view during);
    void fail_corrupt(std::string_view during);  // what was read contradicts itself
    void exec(const char* sql);
    std::int64_t number(const char* sql);  // first column of the first row, 0 without one
    std::string word(const char* sql);

    void begin() { exec("BEGIN IMMEDIATE"); }
    bool commit();    // false: rolled back, failure() says why
    void rollback();  // keeps failure()

    // Copies the log into the database and cuts it. False on failure (recorded).
    bool checkpoint_and_cut();
    // As much as goes without waiting, if the log has grown to `pages`.
    bool checkpoint_when(int pages);
    int log_pages() const { return log_pages_; }

    // The connection met an I/O error: closing must not write with it (fsync may lie the second time).
    void poison();

  private:
    friend class Query;
    static void reveal(sqlite3_context* context, int count, sqlite3_value** values);
    void prepare_reading(Mode mode);
    sqlite3_stmt* prepared(std::string_view sql);

    sqlite3* db_ = nullptr;
    Failure failure_;
    int log_pages_ = 0;
    Vault* vault_ = nullptr;
    std::int64_t unrevealed_ = 0;
    std::map<std::string, sqlite3_stmt*, std::less<>> statements_;
};

// One use of a prepared statement: binds in order, steps, and resets when it goes out of scope.
//     for (Query q(db, "SELECT seq, text FROM utterance WHERE call = ?", call); q.step();) ...
class Query {
  public:
    template <class... Values>
    Query(Database& db, std::string_view sql, const Values&... values) : Query(db, sql, Unbound{}) {
        (bind(values), ...);
    }
    ~Query();
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;

    void bind(std::nullptr_t);
    void bind(std::int64_t value);
    void bind(std::string_view value);
    void bind(const std::string& value) { bind(std::string_view(value)); }
    void bind(const char* value) { bind(std::string_view(value)); }
    void bind(const Blob& value);
    void bind(bool value) { bind(std::int64_t{value}); }
    void bind(int value) { bind(std::int64_t{value}); }
    void bind(const Cell& cell);
    template <class T>
    void bind(const std::optional<T>& value) {
        if (value) {
            bind(*value);
        } else {
            bind(nullptr);
        }
    }

    bool step();           // true: there is a row
    bool run();            // for statements without rows: true when it went well
    bool is_null(int column) const;
    std::int64_t number(int column) const;
    std::optional<std::int64_t> number_or_null(int column) const;
    std::string word(int column) const;  // of a text or a blob; "" for NULL
    Cell cell(int column) const;

  private:
    struct Unbound {};
    Query(Database& db, std::string_view sql, Unbound);

    Database& db_;
    sqlite3_stmt* statement_;
    int bound_ = 0;
};

// A transaction that is rolled back unless commit() worked.
class Transaction {
  public:
    explicit Transaction(Database& db) : db_(db) { db_.begin(); }
    ~Transaction() {
        if (!done_) db_.rollback();
    }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    bool commit() {
        done_ = true;
        return db_.commit();
    }

  private:
    Database& db_;
    bool done_ = false;
};

}  // namespace holdfast::store
