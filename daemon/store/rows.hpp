// Rows of the tables as the records that others see: shared by the readers. Store thread only.
#pragma once

#include "store/database.hpp"
#include "store/journal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::store {

// Rows brought back from an earlier generation come first: they happened before.
inline constexpr const char* k_rows_in_order = "WHERE call = ? ORDER BY salvaged_from IS NULL, salvaged_from, call_seq";

// For a query over the table call: which of k_hold and k_release was said last of it, or ''.
inline constexpr const char* k_last_hold_sql =
    "coalesce((SELECT action FROM audit WHERE audit.call = call.seq AND action IN ('hold', 'release_hold') ORDER BY seq DESC LIMIT 1), '')";

const std::string& calls_sql();     // a SELECT without its WHERE, for call_row
const std::string& one_call_sql();  // binds the CallSid; column 0 is the call's seq
CallRow call_row(const Query& q);

// SQL that opens a sealed column; `alias` with its dot, or empty.
std::string reveal_sql(const std::string& table, const std::string& column, const std::string& alias = "");
// The sealed keys of a call, from whichever table still has them.
std::optional<std::string> sealed_key_in(Database& db, const std::string& sid);
// Into both tables, in place of what is there.
void save_sealed_key(Database& db, const std::string& sid, const std::string& sealed);

// What a table holds of one call, oldest first. Short-lived: uses the connection whenever asked.
class CallParts {
  public:
    CallParts(Database& db, std::int64_t id, const CallSid& call) : db_(db), id_(id), call_(call) {}
    std::vector<UtteranceRow> utterances() const;
    std::vector<SeamRow> seams() const;
    std::vector<FactRow> facts() const;
    std::vector<IncidentRow> incidents() const;
    std::vector<DispatchRow> dispatches() const;

  private:
    Database& db_;
    const std::int64_t id_;
    const CallSid& call_;
};

Utterance utterance(const Query& q, int first, const CallSid& call);  // of these columns, from `first` on
constexpr int k_text_of_utterance = 2;  // NULL: it cannot be opened
std::string utterance_columns(const std::string& alias = "");

base::Error unreadable(const Database& db);  // "store_read", retry

}  // namespace holdfast::store
