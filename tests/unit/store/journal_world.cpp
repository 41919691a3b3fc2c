#include "unit/store/journal_world.hpp"

#include <sqlite3.h>

namespace holdfast::test {

std::string sql(const std::string& path, const std::string& statement) {
    sqlite3* db = nullptr;
    std::string out;
    if (sqlite3_open(path.c_str(), &db) == SQLITE_OK) {
        sqlite3_exec(
            db, statement.c_str(),
            [](void* text, int, char** values, char**) {
                if (values[0] != nullptr) static_cast<std::string*>(text)->append(values[0]);
                return 0;
            },
            &out, nullptr);
        if (sqlite3_errcode(db) != SQLITE_OK) out = sqlite3_errmsg(db);
    }
    sqlite3_close(db);
    return out;
}

}  // namespace holdfast::test
