#include "store/schema_text.hpp"

#include "store/schema.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

namespace holdfast::store {
namespace {

constexpr std::size_t k_right_in_one_wrong = 8;
constexpr std::size_t k_objects_max = 1'000;

struct Object {
    std::int64_t row = 0;
    std::string type, name, table, sql;

    bool is(const Object& other) const { return type == other.type && name == other.name && table == other.table && sql == other.sql; }
};

std::vector<Object> objects_in(Database& db) {
    std::vector<Object> found;
    Query q(db, "SELECT rowid, type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL");
    while (found.size() < k_objects_max && q.step()) {
        found.push_back({q.number(0), q.word(1), q.word(2), q.word(3), q.word(4)});
    }
    return found;
}

// Those that a file of this version was made with.
std::vector<Object> objects_of(std::int64_t version) {
    const auto newest = migrations().back().version;
    if (version < 1 || version > newest) version = newest;  // the number may be what is damaged
    std::vector<Migration> steps;
    const auto& all = migrations();
    std::copy_if(all.begin(), all.end(), std::back_inserter(steps), [version](const Migration& step) { return step.version <= version; });
    Database made(":memory:", "", Database::Mode::repair);
    migrate(made, steps, 0);
    return objects_in(made);
}

std::size_t wrong_letters(const std::string& a, const std::string& b) {
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < a.size(); ++i) wrong += a[i] != b[i] ? 1 : 0;
    return wrong;
}

bool is_damaged(const Object& there, const Object& right) {
    const bool same_length = there.sql.size() == right.sql.size() && there.type.size() == right.type.size() &&
                             there.name.size() == right.name.size() && there.table.size() == right.table.size();
    return same_length && wrong_letters(there.sql, right.sql) <= right.sql.size() / k_right_in_one_wrong;
}

// What has to be put right, with the row it stands in.
std::vector<Object> damaged_objects(Database& db) {
    auto there = objects_in(db);
    if (!db.ok()) return {};
    std::vector<Object> damaged;
    auto right = objects_of(db.number("PRAGMA user_version"));
    // Whole ones first: no other may be taken for them.
    for (auto each = right.begin(); each != right.end();) {
        const auto whole = std::find_if(there.begin(), there.end(), [&](const Object& object) { return object.is(*each); });
        if (whole == there.end()) {
            ++each;
            continue;
        }
        there.erase(whole);
        each = right.erase(each);
    }
    for (auto& each : right) {
        const auto like = std::find_if(there.begin(), there.end(), [&](const Object& object) { return is_damaged(object, each); });
        if (like == there.end()) continue;
        each.row = like->row;
        damaged.push_back(each);
        there.erase(like);
    }
    return damaged;
}

}  // namespace

bool schema_text_is_damaged(Database& db) {
    const bool damaged = !damaged_objects(db).empty();
    db.forgive();
    return damaged;
}

bool repair_schema_text(Database& db) {
    const auto damaged = damaged_objects(db);
    if (damaged.empty()) return db.ok();
    Transaction transaction(db);
    for (const auto& each : damaged) {
        Query(db, "UPDATE sqlite_schema SET type = ?, name = ?, tbl_name = ?, sql = ? WHERE rowid = ?", each.type, each.name, each.table,
              each.sql, each.row)
            .run();
    }
    return transaction.commit();
}

}  // namespace holdfast::store
