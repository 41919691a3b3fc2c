#include "store/database.hpp"

#include "base/sha256.hpp"
#include "config/limits.hpp"
#include "store/bytes.hpp"
#include "store/crc32c.hpp"
#include "store/disk.hpp"
#include "store/vault.hpp"

#include <sqlite3.h>

#include <cerrno>

namespace holdfast::store {
namespace {

constexpr int k_primary_code = 0xff;
constexpr int k_busy_timeout_ms = 2000;
constexpr int k_page_bytes = 4096;

bool out_of_room(int number) { return number == ENOSPC || number == EDQUOT || number == EFBIG; }
bool forbidden(int number) { return number == EROFS || number == EACCES || number == EPERM; }

// After a failed sync the system has thrown the pages away and called them clean: no errno makes that
// a mere lack of room.
bool is_sync(int code) {
    return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC || code == SQLITE_IOERR_CLOSE;
}

// Type, length and bytes of every value, piece by piece.
template <class Take>
void each_piece(int count, sqlite3_value** values, Take take) {
    std::string head;
    for (int i = 0; i < count; ++i) {
        head.clear();
        switch (sqlite3_value_type(values[i])) {
            case SQLITE_INTEGER:
                head = "i";
                put_u64(head, static_cast<std::uint64_t>(sqlite3_value_int64(values[i])));
                take(head);
                break;
            case SQLITE_NULL:
                take("n");
                break;
            default: {
                const auto* bytes = static_cast<const char*>(sqlite3_value_blob(values[i]));
                const auto length = static_cast<std::size_t>(sqlite3_value_bytes(values[i]));
                head = "t";
                put_u64(head, length);
                take(head);
                take(std::string_view(bytes, bytes == nullptr ? 0 : length));
            }
        }
    }
}

// row_crc(column, ...): CRC-32C.
void row_crc(sqlite3_context* context, int count, sqlite3_value** values) {
    std::uint32_t crc = 0;
    each_piece(count, values, [&crc](std::string_view piece) { crc = crc32c(piece, crc); });
    sqlite3_result_int64(context, crc);
}

// row_sha(column, ...): SHA-256.
void row_sha(sqlite3_context* context, int count, sqlite3_value** values) {
    std::string all;
    each_piece(count, values, [&all](std::string_view piece) { all += piece; });
    const std::string hash = base::sha256(all);
    sqlite3_result_blob(context, hash.data(), static_cast<int>(hash.size()), SQLITE_TRANSIENT);
}

int remember_log_pages(void* pages, sqlite3*, const char*, int in_log) {
    *static_cast<int*>(pages) = in_log;
    return SQLITE_OK;
}

int flags_of(Database::Mode mode) {
    const int common = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (mode == Database::Mode::immutable) return common | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
    return common | SQLITE_OPEN_READWRITE;  // never CREATE: the file is made 0600 beforehand
}

std::string uri_of(const std::string& path) {
    std::string uri = "file:";
    for (const char c : path) {
        if (c == '?' || c == '#' || c == '%') {
            constexpr char k_digits[] = "0123456789abcdef";
            uri += '%';
            uri += k_digits[(static_cast<unsigned char>(c) >> 4) & 0xf];
            uri += k_digits[static_cast<unsigned char>(c) & 0xf];
        } else {
            uri += c;
        }
    }
    return uri + "?immutable=1";
}

}  // namespace

const char* to_string(Trouble trouble) {
    switch (trouble) {
        case Trouble::none: return "";
        case Trouble::full: return "full";
        case Trouble::readonly: return "readonly";
        case Trouble::missing: return "missing";
        case Trouble::busy: return "locked";
        case Trouble::io: return "io";
        case Trouble::corrupt: return "corrupt";
        case Trouble::row: return "row";
    }
    return "io";
}

Trouble Failure::trouble() const {
    switch (code & k_primary_code) {
        case SQLITE_OK: return Trouble::none;
        case SQLITE_FULL: return Trouble::full;
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH: return Trouble::readonly;
        case SQLITE_CANTOPEN:
            if (forbidden(system_errno)) return Trouble::readonly;
            return out_of_room(system_errno) ? Trouble::full : Trouble::missing;
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return Trouble::busy;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        // Every statement is fixed at build time: a file that does not understand one has other tables than it says.
        case SQLITE_ERROR: return Trouble::corrupt;
        case SQLITE_CONSTRAINT:
        case SQLITE_TOOBIG:
        case SQLITE_MISMATCH:
        case SQLITE_RANGE: return Trouble::row;
        default: break;
    }
    if (code == SQLITE_IOERR_CORRUPTFS) return Trouble::corrupt;
    if (is_sync(code)) return Trouble::io;
    if (out_of_room(system_errno)) return Trouble::full;
    return forbidden(system_errno) ? Trouble::readonly : Trouble::io;
}

std::string Failure::text() const {
    std::string out = during + ": " + sqlite3_errstr(code) + " (" + std::to_string(code) + ")";
    if (system_errno != 0) out += ", " + errno_text(system_errno);
    return out;
}

Database::Database(const std::string& path, const std::string& vfs, Mode mode) {
    const std::string name = mode == Mode::immutable ? uri_of(path) : path;
    const int code = sqlite3_open_v2(name.c_str(), &db_, flags_of(mode), vfs.empty() ? nullptr : vfs.c_str());
    if (code != SQLITE_OK) fail(code, "open");
    prepare_reading(mode);
}

Database::~Database() {
    for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
    sqlite3_close_v2(db_);
}

void Database::prepare_reading(Mode mode) {
    if (!ok()) return;
    sqlite3_extended_result_codes(db_, 1);
    sqlite3_busy_timeout(db_, k_busy_timeout_ms);
    constexpr int k_pure = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    sqlite3_create_function_v2(db_, "row_crc", -1, k_pure, nullptr, row_crc, nullptr, nullptr, nullptr);
    sqlite3_create_function_v2(db_, "row_sha", -1, k_pure, nullptr, row_sha, nullptr, nullptr, nullptr);
    sqlite3_create_function_v2(db_, "reveal", 4, SQLITE_UTF8, this, &Database::reveal, nullptr, nullptr, nullptr);
    exec("PRAGMA trusted_schema=OFF");
    exec("PRAGMA cell_size_check=ON");
    exec("PRAGMA mmap_size=0");  // an I/O error under mmap is a SIGBUS, under read it is a code
    exec("PRAGMA temp_store=MEMORY");
    if (mode == Mode::immutable) return;
    exec("PRAGMA locking_mode=EXCLUSIVE");  // before the first access to the log, or it would be shared
    if (mode == Mode::salvage || mode == Mode::repair) {
        sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        exec("PRAGMA writable_schema=ON");  // reads what is there of a file that lost its end
        if (mode == Mode::salvage) exec("PRAGMA query_only=ON");
        return;
    }
    sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    // A file that could only be opened for reading is opened all the same, and silently.
    if (sqlite3_db_readonly(db_, "main") == 1) fail(SQLITE_READONLY, "open");
}

void Database::reveal(sqlite3_context* context, int, sqlite3_value** values) {
    auto& self = *static_cast<Database*>(sqlite3_user_data(context));
    const auto text = [values](int i) {
        const auto* bytes = static_cast<const char*>(sqlite3_value_blob(values[i]));
        const auto length = static_cast<std::size_t>(sqlite3_value_bytes(values[i]));
        return bytes == nullptr ? std::string_view() : std::string_view(bytes, length);
    };
    const auto stored = text(0);
    const auto sid = text(1);
    std::vector<Key> keys;
    if (is_sealed(stored) && self.vault_ != nullptr) keys = self.vault_->keys_of(std::string(sid));
    const auto open = revealed(stored, keys, sealed_for(sid, text(2), sqlite3_value_int64(values[3])));
    if (open) return sqlite3_result_text64(context, open->data(), open->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    ++self.unrevealed_;
    sqlite3_result_null(context);
}

void Database::own() {
    exec(("PRAGMA page_size=" + std::to_string(k_page_bytes)).c_str());
    exec("PRAGMA secure_delete=ON");
    exec("PRAGMA foreign_keys=ON");
    if (ok() && word("PRAGMA journal_mode=WAL") != "wal" && ok()) fail(SQLITE_IOERR, "switch to WAL");
    exec("PRAGMA synchronous=FULL");       // acknowledged means: on the disk
    exec("PRAGMA wal_autocheckpoint=0");   // done by us after the acknowledgements, with its errors seen
    sqlite3_wal_hook(db_, remember_log_pages, &log_pages_);
    exec("PRAGMA journal_size_limit=8388608");
    exec(("PRAGMA max_page_count=" + std::to_string(limits::journal_database_bytes_max / k_page_bytes)).c_str());
}

void Database::fail(int code, std::string_view during) {
    if (!ok()) return;
    failure_.code = code;
    failure_.system_errno = 0;
    const int primary = code & k_primary_code;
    if (db_ != nullptr && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN || primary == SQLITE_FULL)) {
        failure_.system_errno = sqlite3_system_errno(db_);
    }
    failure_.during.assign(during);
}

void Database::fail_corrupt(std::string_view during) { fail(SQLITE_CORRUPT, during); }

sqlite3_stmt* Database::prepared(std::string_view sql) {
    if (!ok()) return nullptr;
    if (const auto found = statements_.find(sql); found != statements_.end()) return found->second;
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &statement, nullptr);
    if (code != SQLITE_OK) {
        fail(code, sql.substr(0, sql.find_first_of("(=?")));
        return nullptr;
    }
    statements_.emplace(sql, statement);
    return statement;
}

void Database::exec(const char* sql) {
    if (!ok()) return;
    const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(code, std::string_view(sql).substr(0, 40));
}

std::int64_t Database::number(const char* sql) {
    Query query(*this, sql);
    return query.step() ? query.number(0) : 0;
}

std::string Database::word(const char* sql) {
    Query query(*this, sql);
    return query.step() ? query.word(0) : std::string();
}

bool Database::commit() {
    exec("COMMIT");
    if (!ok()) rollback();
    return ok();
}

void Database::rollback() {
    if (db_ != nullptr && sqlite3_get_autocommit(db_) == 0) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
}

bool Database::checkpoint_and_cut() {
    if (!ok()) return false;
    const int code = sqlite3_wal_checkpoint_v2(db_, "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if (code != SQLITE_OK) fail(code, "checkpoint");
    if (ok()) log_pages_ = 0;
    return ok();
}

bool Database::checkpoint_when(int pages) {
    if (!ok() || log_pages_ < pages) return ok();
    const int code = sqlite3_wal_checkpoint_v2(db_, "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    if (code != SQLITE_OK) fail(code, "checkpoint");
    if (ok()) log_pages_ = 0;  // the next commit starts the log anew and says its size
    return ok();
}

void Database::poison() {
    if (db_ != nullptr) sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Query::Query(Database& db, std::string_view sql, Unbound) : db_(db), statement_(db.prepared(sql)) {}

Query::~Query() {
    if (statement_ == nullptr) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

void Query::bind(std::nullptr_t) { ++bound_; }

void Query::bind(std::int64_t value) {
    if (statement_ != nullptr) sqlite3_bind_int64(statement_, ++bound_, value);
}

void Query::bind(std::string_view value) {
    if (statement_ == nullptr) return;
    const char* text = value.data() == nullptr ? "" : value.data();
    const int code = sqlite3_bind_text64(statement_, ++bound_, text, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    if (code != SQLITE_OK) db_.fail(code, "bind");
}

void Query::bind(const Blob& value) {
    if (statement_ == nullptr) return;
    const char* bytes = value.bytes.data() == nullptr ? "" : value.bytes.data();
    const int code = sqlite3_bind_blob64(statement_, ++bound_, bytes, value.bytes.size(), SQLITE_TRANSIENT);
    if (code != SQLITE_OK) db_.fail(code, "bind");
}

void Query::bind(const Cell& cell) {
    std::visit([this](const auto& value) { bind(value); }, cell);
}

bool Query::step() {
    if (statement_ == nullptr || !db_.ok()) return false;
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) {
        const std::string_view sql = sqlite3_sql(statement_);
        db_.fail(code, sql.substr(0, sql.find_first_of("(=?")));
    }
    return false;
}

bool Query::run() {
    while (step()) {
    }
    return db_.ok();
}

bool Query::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::int64_t Query::number(int column) const { return sqlite3_column_int64(statement_, column); }

std::optional<std::int64_t> Query::number_or_null(int column) const {
    if (is_null(column)) return std::nullopt;
    return number(column);
}

std::string Query::word(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    const auto length = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return bytes == nullptr ? std::string() : std::string(bytes, length);
}

Cell Query::cell(int column) const {
    switch (sqlite3_column_type(statement_, column)) {
        case SQLITE_NULL: return nullptr;
        case SQLITE_INTEGER: return number(column);
        default: return word(column);
    }
}

}  // namespace holdfast::store
