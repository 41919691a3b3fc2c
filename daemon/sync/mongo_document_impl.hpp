// Changes as MongoDB documents (design, section 8). The only header of the room that shows libbson; sync/mongo*.cpp only.
#pragma once

#include "store/journal.hpp"

#include <bson/bson.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::sync {

inline constexpr std::int32_t k_document_schema = 1;  // M18: stands in each document

// Owns a bson_t. Text that is no UTF-8, or has a NUL in it, goes in with U+FFFD in its place.
class Bson {
  public:
    Bson() { bson_init(&b_); }
    ~Bson() { bson_destroy(&b_); }
    Bson(Bson&& other) noexcept {
        bson_steal(&b_, &other.b_);
        bson_init(&other.b_);
    }
    Bson(const Bson&) = delete;
    Bson& operator=(const Bson&) = delete;
    Bson& operator=(Bson&&) = delete;

    Bson& text(const char* key, std::string_view value);
    Bson& number(const char* key, std::int64_t value);
    Bson& small(const char* key, std::int32_t value);
    Bson& data(const char* key, std::string_view bytes);  // at most 16 MB, as any document
    Bson& flag(const char* key, bool value);
    Bson& time(const char* key, std::int64_t utc_ms);
    Bson& null(const char* key);
    Bson& document(const char* key, const Bson& value);
    Bson& members_of(const Bson& other) { return members_of(&other.b_); }  // behind its own
    Bson& members_of(const bson_t* other);
    // An array of what `make` makes of each row: a Bson, or a text.
    template <class Rows, class Make>
    Bson& array(const char* key, const Rows& rows, Make make) {
        Bson items;
        std::uint32_t i = 0;
        for (const auto& row : rows) items.add(std::to_string(i++).c_str(), make(row));
        bson_append_array(&b_, key, -1, &items.b_);
        return *this;
    }

    const bson_t* get() const { return &b_; }
    std::string_view bytes() const { return {reinterpret_cast<const char*>(bson_get_data(&b_)), b_.len}; }

  private:
    void add(const char* key, const Bson& value) { document(key, value); }
    void add(const char* key, std::string_view value) { text(key, value); }

    bson_t b_;
};

struct Document {
    std::string id;
    bool grows = false;        // has a rev: a guarded upsert; else it is inserted and never changes
    Bson fields;               // all but _id, site_id and, of what grows, rev
    std::string hash;          // of what never changes: SHA-256 of its fields
};

Document document_of(const store::Change& change, std::string_view site_id);
const char* collection_of(store::ChangeClass change_class);

}  // namespace holdfast::sync
