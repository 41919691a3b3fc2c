// The chain: one link for each row that was written or changed and for each purge, numbered without gaps over the whole life
// of a box, whatever becomes of its files. A link says what the row was (a hash of what is stored, so of the sealed text),
// and its head what every link before it was. It outlives the rows. Store thread only.
#pragma once

#include "store/database.hpp"
#include "store/schema.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::store {

// Where the chain is: the number of its newest link and the head there (32 bytes; empty when there is none).
struct ChainHead {
    std::int64_t n = 0;
    std::string head;
    bool operator==(const ChainHead& other) const { return n == other.n && head == other.head; }
};

// What a link is about: a table by its place in k_tables, from 1 on. k_purged_part more: rows of that table were removed; of
// `audit` all up to `row`, of other tables those of `call`, and `row` is the audit row that tells it.
constexpr std::int64_t k_purged_part = 100;
std::int64_t part_of(const Table& table);
const Table* table_of(std::int64_t part);  // nullptr: of no table

struct Link {
    std::int64_t n = 0;
    std::int64_t part = 0;
    std::int64_t row = 0;   // seq
    std::int64_t call = 0;  // its call's seq, 0 without one
    std::string hash;       // 32 bytes
};

// The head of a link: HMAC-SHA256 over the head before it and everything it says. `key` is empty when the box has no master
// key: then the chain shows accidents, and people only by what left the box.
std::string head_of(const Link& link, std::string_view before, std::string_view key);

// A stretch of links under one key and of one life of the journal.
struct ChainSegment {
    std::int64_t first = 0;
    std::string generation;
    std::string before;   // head before its first link
    std::string sealed_key;  // empty: none
};

// What the key of a segment is sealed for.
std::string chain_key_name(std::string_view generation, std::int64_t first);

class Chain {
  public:
    explicit Chain(Database& db) : db_(db) {}

    // Reads where the chain is. False: there is none yet.
    bool load();
    // From here on links stand under this generation and key.
    void begin(const ChainHead& from, std::string_view generation, std::string_view sealed_key, std::string key);
    void use_key(std::string key) { key_ = std::move(key); }
    std::optional<ChainSegment> newest_segment();

    void wrote(const Table& table, std::int64_t seq);
    void purged(const Table& table, std::int64_t call, std::int64_t row);
    // Links for every row of a journal that had no chain yet.
    void catch_up();

    const ChainHead& head() const { return head_; }
    // Around a transaction, as Writer::mark.
    void mark() { marked_ = head_; }
    void forget() { head_ = marked_; }

  private:
    void add(Link link);

    Database& db_;
    ChainHead head_;
    ChainHead marked_;
    std::string key_;
};

// What stands in the database about a row now: its hash and its call, none when it is not there.
struct StoredRow {
    std::string hash;
    std::int64_t call = 0;
    bool crc_fits = false;
};
std::optional<StoredRow> stored_row(Database& db, const Table& table, std::int64_t seq);

}  // namespace holdfast::store
