#include "store/chain.hpp"

#include "base/hmac.hpp"
#include "store/bytes.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace holdfast::store {
namespace {

constexpr std::string_view k_no_head(
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 32);
constexpr std::string_view k_purge_hash = k_no_head;

constexpr auto k_tables_count = std::size(k_tables);

// All of a row but its crc, and but what grows with each row of a call.
const std::string& row_sql(const Table& table) {
    static const auto statements = [] {
        std::array<std::string, k_tables_count> all;
        for (std::size_t i = 0; i < k_tables_count; ++i) {
            const Table& t = *k_tables[i];
            const std::string call = t.is_call() ? "seq" : "call";
            const std::string place = t.is_call() ? "base_call_seq" : "call, call_seq";
            all[i] = "SELECT " + t.sha_sql("'" + std::string(t.name) + "', seq, " + place + ", salvaged_from, salvaged_seq") +
                     ", coalesce(" + call + ", 0), crc IS " + t.hash_sql() + " FROM " + t.name + " WHERE seq = ?";
        }
        return all;
    }();
    return statements[static_cast<std::size_t>(part_of(table) - 1)];
}

}  // namespace

std::int64_t part_of(const Table& table) {
    const auto at = std::find_if(std::begin(k_tables), std::end(k_tables),
                                 [&](const Table* each) { return std::string_view(each->name) == table.name; });
    return at - std::begin(k_tables) + 1;
}

const Table* table_of(std::int64_t part) {
    return part >= 1 && part <= static_cast<std::int64_t>(k_tables_count) ? k_tables[part - 1] : nullptr;
}

std::string head_of(const Link& link, std::string_view before, std::string_view key) {
    std::string said(before.empty() ? k_no_head : before);
    put_u64(said, static_cast<std::uint64_t>(link.n));
    put_u64(said, static_cast<std::uint64_t>(link.part));
    put_u64(said, static_cast<std::uint64_t>(link.row));
    put_u64(said, static_cast<std::uint64_t>(link.call));
    said += link.hash;
    return base::hmac_sha256(key, said);
}

std::string chain_key_name(std::string_view generation, std::int64_t first) {
    return "chain " + std::string(generation) + " " + std::to_string(first);
}

std::optional<StoredRow> stored_row(Database& db, const Table& table, std::int64_t seq) {
    Query q(db, row_sql(table), seq);
    if (!q.step()) return std::nullopt;
    return StoredRow{q.word(0), q.number(1), q.number(2) != 0};
}

bool Chain::load() {
    Query q(db_, "SELECT n, head FROM chain ORDER BY n DESC LIMIT 1");
    if (!q.step()) return false;
    head_ = {q.number(0), q.word(1)};
    return true;
}

std::optional<ChainSegment> Chain::newest_segment() {
    Query q(db_, "SELECT first, generation, before, sealed_key FROM chain_segment ORDER BY first DESC LIMIT 1");
    if (!q.step()) return std::nullopt;
    return ChainSegment{q.number(0), q.word(1), q.word(2), q.word(3)};
}

void Chain::begin(const ChainHead& from, std::string_view generation, std::string_view sealed_key, std::string key) {
    head_ = from;
    key_ = std::move(key);
    Query(db_, "INSERT OR REPLACE INTO chain_segment (first, generation, before, sealed_key) VALUES (?, ?, ?, ?)", from.n + 1,
          generation, Blob{from.head}, sealed_key)
        .run();
}

void Chain::wrote(const Table& table, std::int64_t seq) {
    const auto stored = stored_row(db_, table, seq);
    if (!stored) return;  // the failure is sticky in the database
    add({0, part_of(table), seq, stored->call, stored->hash});
}

void Chain::purged(const Table& table, std::int64_t call, std::int64_t row) {
    add({0, k_purged_part + part_of(table), row, call, std::string(k_purge_hash)});
}

void Chain::catch_up() {
    std::string all;
    for (const Table* table : k_tables) {
        all += std::string(all.empty() ? "" : " UNION ALL ") + "SELECT seq, " + std::to_string(part_of(*table)) + " FROM " + table->name;
    }
    for (Query q(db_, all + " ORDER BY 1"); q.step();) wrote(*table_of(q.number(1)), q.number(0));
}

void Chain::add(Link link) {
    link.n = head_.n + 1;
    auto head = head_of(link, head_.head, key_);
    Query(db_, "INSERT INTO chain (n, part, row, call, hash, head) VALUES (?, ?, ?, ?, ?, ?)", link.n, link.part, link.row,
          link.call, Blob{link.hash}, Blob{head})
        .run();
    head_ = {link.n, std::move(head)};
}

}  // namespace holdfast::store
