// SQLite as this room needs it: read or write one file from one thread. The handles close themselves.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::streets {

struct CloseDatabase {
    void operator()(sqlite3* db) const { sqlite3_close(db); }
};
using DatabasePtr = std::unique_ptr<sqlite3, CloseDatabase>;

// Null: it cannot be opened.
inline DatabasePtr open_database(const std::string& path, int flags) {
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
    DatabasePtr db(raw);
    if (code != SQLITE_OK) db.reset();
    return db;
}

class Statement {
  public:
    Statement(sqlite3* db, std::string_view sql) { code_ = sqlite3_prepare_v2(db, sql.data(), static_cast<int>(sql.size()), &raw_, nullptr); }
    ~Statement() { sqlite3_finalize(raw_); }
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    bool good() const { return code_ == SQLITE_OK || code_ == SQLITE_ROW || code_ == SQLITE_DONE; }
    bool step() {
        if (raw_ == nullptr) return false;
        code_ = sqlite3_step(raw_);
        return code_ == SQLITE_ROW;
    }
    void again() {
        sqlite3_reset(raw_);
        code_ = SQLITE_OK;
    }
    void bind(int at, std::string_view text) { sqlite3_bind_text(raw_, at, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT); }
    void bind(int at, std::int64_t number) { sqlite3_bind_int64(raw_, at, number); }
    std::string text(int column) const {
        const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(raw_, column));
        return bytes == nullptr ? std::string() : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(raw_, column)));
    }
    std::string_view blob(int column) const {
        const auto* bytes = static_cast<const char*>(sqlite3_column_blob(raw_, column));
        return bytes == nullptr ? std::string_view() : std::string_view(bytes, static_cast<std::size_t>(sqlite3_column_bytes(raw_, column)));
    }
    std::int64_t number(int column) const { return sqlite3_column_int64(raw_, column); }

  private:
    sqlite3_stmt* raw_ = nullptr;
    int code_ = SQLITE_OK;
};

}  // namespace holdfast::streets
