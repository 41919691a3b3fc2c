// Answers to questions, on the store thread and its connection.
#pragma once

#include "store/database.hpp"
#include "store/journal.hpp"

namespace holdfast::store {

constexpr std::int64_t k_calls_per_answer_max = 1000;
constexpr std::int64_t k_dispatch_steps_per_answer_max = 5000;
constexpr std::int64_t k_owed_per_answer_max = 1000;
constexpr std::int64_t k_dead_letters_per_answer_max = 1000;
constexpr std::int64_t k_changes_per_answer_max = 1000;
constexpr std::int64_t k_losses_per_answer_max = 100;
constexpr std::int64_t k_recordings_per_look = 100;  // three index look-ups each

// Errors: "not_found" (reject), "store_read" (retry; the connection's failure is the caller's to treat).
base::Result<CallList> read_calls(Database& db, const ReadCalls& query);
base::Result<CallDetail> read_call(Database& db, const CallSid& call);
base::Result<DispatchSteps> read_dispatches(Database& db, const ReadDispatches& query);
base::Result<Owed> read_owed(Database& db, const std::string& target);
base::Result<DeadLetters> read_dead_letters(Database& db, const ReadDeadLetters& query);
base::Result<Changes> read_changes(Database& db, const ReadChanges& query);
base::Result<std::vector<ClassBacklog>> read_backlog(Database& db, const std::string& sink);
base::Result<Untranscribed> read_untranscribed(Database& db, std::int64_t after);
base::Result<Purgeable> read_purgeable(Database& db, const ReadPurgeable& query);
base::Result<std::vector<LossRow>> read_losses(Database& db);

}  // namespace holdfast::store
