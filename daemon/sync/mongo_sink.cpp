#include "sync/mongo_sink.hpp"

#include "base/loop.hpp"
#include "base/text.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"
#include "sync/mongo_audio_impl.hpp"
#include "sync/mongo_document_impl.hpp"
#include "sync/mongo_uri_impl.hpp"

#include <mongoc/mongoc.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace holdfast::sync {
namespace {

constexpr log::Logger k_log{"sync"};
constexpr std::size_t k_document_bytes_max = 15'000'000;  // MongoDB takes 16 MiB
constexpr int k_revision_tries = 4;
constexpr std::size_t k_reason_bytes_max = 500;
constexpr std::int32_t k_patience_ms = 30'000;  // with servers that look through everything for what they have

// Codes that say "not now": stepping down, shutting down, no majority, time is up (M04, M09).
constexpr std::int64_t k_again_codes[] = {6,   7,   24,  46,  50,  64,  79,    89,    91,    96,    100,   112,
                                          134, 189, 202, 262, 263, 317, 9001, 10107, 11600, 11602, 13435, 13436, 14031};
// ... "not you" (M06): unauthorized, log-in failed, no such role, Atlas' refusal.
constexpr std::int64_t k_people_codes[] = {13, 18, 31, 8000};
// ... "not this document", whoever sends it (M07, M08).
constexpr std::int64_t k_document_codes[] = {2, 9, 14, 28, 51, 52, 53, 54, 55, 56, 57, 66, 121, 10334, 17280, 17419, 17420};
constexpr std::int64_t k_duplicate = 11000;

template <std::size_t N>
bool among(std::int64_t code, const std::int64_t (&codes)[N]) {
    return std::find(std::begin(codes), std::end(codes), code) != std::end(codes);
}

struct Op {
    std::size_t row = 0;
    Document document;
    std::int64_t change = 0;
    std::int64_t rev = 0;  // of what grows
};

enum class Mood { fine, again, not_allowed, unsure };

// What a bulk came to, for all of it or for some operations.
struct Attempt {
    Mood mood = Mood::fine;
    const char* why = "";
    std::int64_t code = 0;
    std::string reason;
    bool complete = true;  // the reply accounts for every operation
    struct Error {
        std::size_t op = 0;  // of the attempt
        std::int64_t code = 0;
        std::string reason;
    };
    std::vector<Error> errors;
};

Mood mood_of(std::int64_t code) {
    if (among(code, k_again_codes)) return Mood::again;
    if (among(code, k_people_codes)) return Mood::not_allowed;
    return Mood::unsure;
}

std::int64_t integer(const bson_iter_t& it) {
    return BSON_ITER_HOLDS_NUMBER(&it) ? bson_iter_as_int64(&it) : 0;
}

std::int64_t integer_at(const bson_t* document, const char* key) {
    bson_iter_t it;
    return bson_iter_init_find(&it, document, key) ? integer(it) : 0;
}

std::optional<std::string> text_at(const bson_t* document, const char* key) {
    bson_iter_t it;
    if (!bson_iter_init_find(&it, document, key) || !BSON_ITER_HOLDS_UTF8(&it)) return std::nullopt;
    std::uint32_t bytes = 0;
    const char* text = bson_iter_utf8(&it, &bytes);
    return std::string(text, bytes);
}

// Calls fn with each document of an array of the reply.
template <class Fn>
void each_in(const bson_t* reply, const char* key, Fn fn) {
    bson_iter_t list, it;
    if (!bson_iter_init_find(&list, reply, key) || !BSON_ITER_HOLDS_ARRAY(&list) || !bson_iter_recurse(&list, &it)) return;
    while (bson_iter_next(&it)) {
        if (!BSON_ITER_HOLDS_DOCUMENT(&it)) continue;
        const std::uint8_t* data = nullptr;
        std::uint32_t bytes = 0;
        bson_iter_document(&it, &bytes, &data);
        bson_t one;
        if (bson_init_static(&one, data, bytes)) fn(&one);
    }
}

// libmongoc's own log: only what it says of itself, at the level of debugging (its lines may name hosts).
void on_library_log(mongoc_log_level_t level, const char* domain, const char*, void*) {
    if (level <= MONGOC_LOG_LEVEL_WARNING) k_log.debug("the driver has something to say", {{"domain", domain}});
}

void begin_library() {
    static std::once_flag once;
    std::call_once(once, [] {
        mongoc_init();
        mongoc_log_set_handler(on_library_log, nullptr);
    });
}

class MongoSink : public Sink, private MongoDoor {
  public:
    MongoSink(MongoSettings settings, mongoc_client_pool_t* pool)
        : settings_(std::move(settings)), pool_(pool), audio_(*this, settings_.site_id) {}
    ~MongoSink() override {
        if (patient_client_ != nullptr) mongoc_client_pool_push(patient_pool_, patient_client_);
        if (patient_pool_ != nullptr) mongoc_client_pool_destroy(patient_pool_);
        if (client_ != nullptr) mongoc_client_pool_push(pool_, client_);
        mongoc_client_pool_destroy(pool_);
    }
    const char* name() const override { return "mongodb"; }
    Outcome send(const store::Changes& changes, store::ChangeClass change_class) override;
    AudioSink* audio() override { return &audio_; }

  private:
    Outcome insert(const char* collection, std::vector<Document> documents) override;
    Bson find_one(const char* collection, const Bson& filter, Bson options, Outcome& outcome) override;
    bool make_index(const char* collection, const Bson& index) override;

    using Ops = std::vector<Op*>;
    Outcome send(std::vector<Op>& ops, const char* collection);
    bool connect(Outcome& outcome);
    void run(const Ops& ops, Outcome& outcome);
    void one_by_one(const Ops& ops, Outcome& outcome);
    Attempt attempt(const Ops& ops);
    Attempt read_reply(bool good, const bson_t* reply, const bson_error_t& error, std::size_t sent, bool inserts) const;
    void settle(const Ops& ops, std::vector<Attempt::Error> errors, Outcome& outcome);
    struct Stored {
        std::optional<std::string> hash, site, generation;
        std::int64_t rev = 0, change = 0;
    };
    using ById = std::map<std::string, Stored>;
    bool read_back(const Ops& ops, ById& stored, Outcome& outcome);
    mongoc_client_t* patient_client();
    void settle_duplicate(Op& op, const Attempt::Error& error, const ById& at_first, Outcome& outcome);
    void refuse(const Op& op, std::string reason, bool sure, Outcome& outcome) const;
    static bool give_up(const Attempt& attempt, Outcome& outcome);
    void make_indexes();

    const MongoSettings settings_;
    mongoc_client_pool_t* const pool_;
    mongoc_client_t* client_ = nullptr;
    mongoc_collection_t* collection_ = nullptr;  // of the send that runs, and ...
    store::ChangeClass class_ = store::ChangeClass::dispatch;
    bool indexes_made_ = false;
    bool patient_ = false;  // reads back with patient_client()
    mongoc_client_pool_t* patient_pool_ = nullptr;
    mongoc_client_t* patient_client_ = nullptr;
    MongoAudio audio_;
};

Outcome MongoSink::send(const store::Changes& changes, store::ChangeClass change_class) {
    class_ = change_class;
    std::vector<Op> ops;
    ops.reserve(changes.rows.size());
    for (std::size_t i = 0; i < changes.rows.size(); ++i) {
        const auto& row = changes.rows[i];
        ops.push_back({i, document_of(row, settings_.site_id), row.number, row.number});
    }
    return send(ops, collection_of(change_class));
}

Outcome MongoSink::insert(const char* collection, std::vector<Document> documents) {
    class_ = store::ChangeClass::recording;
    std::vector<Op> ops;
    ops.reserve(documents.size());
    for (auto& document : documents) ops.push_back({ops.size(), std::move(document), 0, 0});
    return send(ops, collection);
}

Outcome MongoSink::send(std::vector<Op>& ops, const char* collection) {
    Outcome outcome;
    Ops good;
    for (auto& op : ops) {
        const auto bytes = op.document.fields.bytes().size();
        outcome.bytes += static_cast<std::int64_t>(bytes);
        if (bytes > k_document_bytes_max) {
            refuse(op, "too large", true, outcome);
        } else {
            good.push_back(&op);
        }
    }
    if (good.empty()) {
        outcome.settled = ops.size();
        return outcome;
    }
    if (!connect(outcome)) return outcome;
    if (!indexes_made_) make_indexes();
    collection_ = mongoc_client_get_collection(client_, settings_.database.c_str(), collection);
    run(good, outcome);
    mongoc_collection_destroy(collection_);
    collection_ = nullptr;
    if (outcome.state == Outcome::State::taken) outcome.settled = ops.size();
    return outcome;
}

bool MongoSink::connect(Outcome& outcome) {
    if (client_ == nullptr) client_ = mongoc_client_pool_pop(pool_);
    if (client_ != nullptr) return true;
    outcome.state = Outcome::State::again;
    outcome.why = "unreachable";
    return false;
}

Bson MongoSink::find_one(const char* collection, const Bson& filter, Bson options, Outcome& outcome) {
    Bson found;
    if (!connect(outcome)) return found;
    options.number("limit", 1);
    mongoc_collection_t* where = mongoc_client_get_collection(client_, settings_.database.c_str(), collection);
    mongoc_cursor_t* cursor = mongoc_collection_find_with_opts(where, filter.get(), options.get(), nullptr);
    const bson_t* one = nullptr;
    if (mongoc_cursor_next(cursor, &one)) found.members_of(one);
    bson_error_t error{};
    const bson_t* reply = nullptr;
    if (mongoc_cursor_error_document(cursor, &error, &reply)) {
        const Bson nothing;
        if (!give_up(read_reply(false, reply == nullptr ? nothing.get() : reply, error, 0, false), outcome)) {
            outcome.state = Outcome::State::again;
            outcome.why = "read_back";
            outcome.code = error.code;
        }
    }
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(where);
    return found;
}

bool MongoSink::make_index(const char* collection, const Bson& index) {
    Outcome outcome;
    if (!connect(outcome)) return false;
    mongoc_database_t* database = mongoc_client_get_database(client_, settings_.database.c_str());
    Bson command;
    command.text("createIndexes", collection);
    command.array("indexes", std::array<const Bson*, 1>{&index}, [](const Bson* one) {
        Bson copy;
        copy.members_of(*one);
        return copy;
    });
    bson_error_t error{};
    const bool made = mongoc_database_write_command_with_opts(database, command.get(), nullptr, nullptr, &error);
    mongoc_database_destroy(database);
    if (made) return true;
    k_log.notice("an index could not be made", {{"collection", collection}, {"code", error.code}});
    return error.domain != MONGOC_ERROR_SERVER_SELECTION && error.domain != MONGOC_ERROR_STREAM;
}

// What people look documents up by. Their absence costs them time and loses nothing (M12): one try a connection.
void MongoSink::make_indexes() {
    static constexpr struct {
        const char* collection;
        const char* keys[2];
    } k_wanted[] = {{"active_calls", {"site_id", "started_at"}}, {"transcripts", {"call_sid", "start_ms"}},
                    {"incidents", {"site_id", "updated_at"}},    {"dispatches", {"site_id", "proposed_at"}},
                    {"recordings", {"call_sid", "at"}},          {"audit", {"site_id", "at"}}};
    indexes_made_ = true;
    for (const auto& wanted : k_wanted) {
        Bson keys, index;
        keys.number(wanted.keys[0], 1).number(wanted.keys[1], 1);
        index.document("key", keys).text("name", std::string("holdfast_") + wanted.keys[0] + "_" + wanted.keys[1]);
        indexes_made_ = make_index(wanted.collection, index);
        if (!indexes_made_) break;
    }
}

void MongoSink::refuse(const Op& op, std::string reason, bool sure, Outcome& outcome) const {
    reason.resize(base::utf8_prefix(reason, k_reason_bytes_max).size());
    outcome.refused.push_back({op.row, std::string(store::to_string(class_)) + "/" + op.document.id, std::move(reason), sure});
}

bool MongoSink::give_up(const Attempt& attempt, Outcome& outcome) {
    if (attempt.mood == Mood::again) outcome.state = Outcome::State::again;
    else if (attempt.mood == Mood::not_allowed) outcome.state = Outcome::State::not_allowed;
    else return false;
    outcome.why = attempt.why;
    outcome.code = attempt.code;
    return true;
}

void MongoSink::run(const Ops& ops, Outcome& outcome) {
    const Attempt attempt = this->attempt(ops);
    if (give_up(attempt, outcome)) return;
    if (attempt.mood == Mood::unsure || !attempt.complete) {
        if (ops.size() > 1) return one_by_one(ops, outcome);
        refuse(*ops.front(), attempt.reason.empty() ? "the reply does not say" : attempt.reason,
               among(attempt.code, k_document_codes), outcome);
        outcome.settled = ops.front()->row + 1;
        return;
    }
    settle(ops, attempt.errors, outcome);
}

// The whole was refused, or the reply left some out: halves find the one document quickly, and what is
// there already costs nothing when it is sent again.
void MongoSink::one_by_one(const Ops& ops, Outcome& outcome) {
    const auto middle = ops.begin() + static_cast<std::ptrdiff_t>(ops.size() / 2);
    run(Ops(ops.begin(), middle), outcome);
    if (outcome.state == Outcome::State::taken) run(Ops(middle, ops.end()), outcome);
}

Attempt MongoSink::attempt(const Ops& ops) {
    Bson options;
    options.flag("ordered", false);
    mongoc_bulk_operation_t* bulk = mongoc_collection_create_bulk_operation_with_opts(collection_, options.get());
    Bson unchecked;  // our own documents: their text is clean, and no key is anybody else's
    unchecked.flag("validate", false);
    Bson upsert;
    upsert.flag("upsert", true).flag("validate", false);
    Attempt failed;
    failed.mood = Mood::unsure;
    bool added = true;
    for (const auto* op : ops) {
        bson_error_t error{};
        const auto& d = op->document;
        if (!d.grows) {
            Bson insert;
            insert.text("_id", d.id).text("site_id", settings_.site_id).text("hash", d.hash);
            insert.members_of(d.fields);
            added = mongoc_bulk_operation_insert_with_opts(bulk, insert.get(), unchecked.get(), &error);
        } else {
            Bson older, filter, set, update;
            older.number("$lt", op->rev);
            filter.text("site_id", settings_.site_id).text("_id", d.id).document("rev", older);
            set.number("rev", op->rev).number("change", op->change).members_of(d.fields);
            update.document("$set", set);
            added = mongoc_bulk_operation_update_one_with_opts(bulk, filter.get(), update.get(), upsert.get(), &error);
        }
        if (!added) {
            failed.reason = error.message;
            break;
        }
    }
    if (!added) {
        mongoc_bulk_operation_destroy(bulk);
        return failed;
    }
    bson_t reply;
    bson_error_t error{};
    const bool good = mongoc_bulk_operation_execute(bulk, &reply, &error) != 0;
    const Attempt attempt = read_reply(good, &reply, error, ops.size(), !ops.front()->document.grows);
    bson_destroy(&reply);
    mongoc_bulk_operation_destroy(bulk);
    return attempt;
}

Attempt MongoSink::read_reply(bool good, const bson_t* reply, const bson_error_t& error, std::size_t sent, bool inserts) const {
    Attempt attempt;
    each_in(reply, "writeErrors", [&](const bson_t* one) {
        const auto at = integer_at(one, "index");
        if (at < 0 || static_cast<std::size_t>(at) >= sent) {
            attempt.complete = false;
            return;
        }
        attempt.errors.push_back({static_cast<std::size_t>(at), integer_at(one, "code"), text_at(one, "errmsg").value_or("")});
    });
    bool unsafe = false;
    each_in(reply, "writeConcernErrors", [&](const bson_t* one) {
        unsafe = true;
        attempt.code = integer_at(one, "code");
    });
    if (unsafe || error.domain == MONGOC_ERROR_WRITE_CONCERN) {
        attempt.mood = Mood::again;
        attempt.why = "write_concern";
        return attempt;
    }
    if (!good && attempt.errors.empty()) {
        attempt.code = error.code;
        attempt.reason = error.message;
        attempt.why = "server";
        if (error.domain == MONGOC_ERROR_SERVER_SELECTION || error.domain == MONGOC_ERROR_STREAM) {
            attempt.mood = Mood::again;
            attempt.why = "unreachable";
        } else if (error.domain == MONGOC_ERROR_SASL || error.domain == MONGOC_ERROR_SCRAM ||
                   (error.domain == MONGOC_ERROR_CLIENT && error.code == MONGOC_ERROR_CLIENT_AUTHENTICATE)) {
            attempt.mood = Mood::not_allowed;
            attempt.why = "log_in";
        } else if (mongoc_error_has_label(reply, "RetryableWriteError")) {
            attempt.mood = Mood::again;
        } else if (error.domain == MONGOC_ERROR_PROTOCOL || error.domain == MONGOC_ERROR_BSON) {
            attempt.mood = Mood::again;  // M13: whatever came, it was no reply
            attempt.why = "protocol";
        } else {
            attempt.mood = mood_of(error.code);
            if (attempt.mood == Mood::not_allowed) attempt.why = "not_allowed";
        }
        return attempt;
    }
    for (const auto& one : attempt.errors) {
        const Mood mood = one.code == k_duplicate ? Mood::fine : mood_of(one.code);
        if (mood == Mood::again || mood == Mood::not_allowed) {
            attempt.mood = mood;
            attempt.why = mood == Mood::again ? "server" : "not_allowed";
            attempt.code = one.code;
            return attempt;
        }
    }
    // Some servers count a duplicate among the inserted; none may leave one out.
    const auto counted = inserts ? integer_at(reply, "nInserted") : integer_at(reply, "nMatched") + integer_at(reply, "nUpserted");
    attempt.complete = attempt.complete && counted + static_cast<std::int64_t>(attempt.errors.size()) >= static_cast<std::int64_t>(sent);
    return attempt;
}

// Errors about single documents, with the duplicates read back in one question. In the order of the rows: where a server lets us
// wait in the middle, what came before is kept.
void MongoSink::settle(const Ops& ops, std::vector<Attempt::Error> errors, Outcome& outcome) {
    std::sort(errors.begin(), errors.end(), [](const auto& a, const auto& b) { return a.op < b.op; });
    Ops duplicates;
    for (const auto& error : errors) {
        if (error.code == k_duplicate) duplicates.push_back(ops[error.op]);
    }
    ById stored;
    Outcome reading;
    if (!duplicates.empty()) read_back(duplicates, stored, reading);
    for (const auto& error : errors) {
        Op& op = *ops[error.op];
        outcome.settled = op.row;
        if (error.code != k_duplicate) {
            refuse(op, error.reason + " (code " + std::to_string(error.code) + ")", true, outcome);
            continue;
        }
        if (reading.state != Outcome::State::taken) {
            outcome.state = reading.state;
            outcome.why = reading.why;
            outcome.code = reading.code;
            return;
        }
        settle_duplicate(op, error, stored, outcome);
        if (outcome.state != Outcome::State::taken) return;
    }
    outcome.settled = ops.back()->row + 1;
}

// The same server with more time for an answer. Connects when it is first needed.
mongoc_client_t* MongoSink::patient_client() {
    if (patient_pool_ == nullptr) {
        const MongoUri uri(mongoc_uri_copy(mongoc_client_get_uri(client_)));
        const auto timeout_ms = mongoc_uri_get_option_as_int32(uri.get(), MONGOC_URI_SOCKETTIMEOUTMS, 0);
        mongoc_uri_set_option_as_int32(uri.get(), MONGOC_URI_SOCKETTIMEOUTMS, std::max(timeout_ms, k_patience_ms));
        patient_pool_ = mongoc_client_pool_new(uri.get());
        if (patient_pool_ != nullptr) {
            mongoc_client_pool_set_error_api(patient_pool_, MONGOC_ERROR_API_VERSION_2);
            patient_client_ = mongoc_client_pool_pop(patient_pool_);
        }
    }
    return patient_client_ != nullptr ? patient_client_ : client_;
}

// What is stored of these documents. A server that did not answer in time gets more the next time, for as long as it needs that.
bool MongoSink::read_back(const Ops& ops, ById& stored, Outcome& outcome) {
    Bson filter, wanted, options, projection;
    wanted.array("$in", ops, [](const Op* op) { return std::string_view(op->document.id); });
    filter.document("_id", wanted);
    for (const char* member : {"hash", "site_id", "generation", "rev", "change"}) projection.number(member, 1);
    options.document("projection", projection).number("limit", static_cast<std::int64_t>(ops.size()));
    mongoc_client_t* client = patient_ ? patient_client() : client_;
    // The server stops when nobody waits for it any more: else what is asked again and again piles up there.
    const auto time_ms = mongoc_uri_get_option_as_int32(mongoc_client_get_uri(client), MONGOC_URI_SOCKETTIMEOUTMS, 0);
    if (time_ms > 0) options.number("maxTimeMS", time_ms);
    const auto usual_ms = mongoc_uri_get_option_as_int32(mongoc_client_get_uri(client_), MONGOC_URI_SOCKETTIMEOUTMS, 0);
    const auto began = base::Mono::now();
    mongoc_collection_t* collection =
        mongoc_client_get_collection(client, settings_.database.c_str(), mongoc_collection_get_name(collection_));
    mongoc_cursor_t* cursor = mongoc_collection_find_with_opts(collection, filter.get(), options.get(), nullptr);
    for (const bson_t* found = nullptr; mongoc_cursor_next(cursor, &found);) {
        const auto id = text_at(found, "_id");
        if (!id) continue;
        stored[*id] = {text_at(found, "hash"), text_at(found, "site_id"), text_at(found, "generation"), integer_at(found, "rev"),
                       integer_at(found, "change")};
    }
    bson_error_t error;
    const bool failed = mongoc_cursor_error(cursor, &error);
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(collection);
    patient_ = failed || (usual_ms > 0 && base::Mono::now() - began > std::chrono::milliseconds(usual_ms));
    if (!failed) return true;
    outcome.state = Outcome::State::again;
    outcome.why = "read_back";
    outcome.code = error.code;
    return false;
}

// 11000: it is there already, or something newer, or something else.
void MongoSink::settle_duplicate(Op& op, const Attempt::Error& error, const ById& at_first, Outcome& outcome) {
    Attempt::Error last = error;
    for (int tries = 0; tries < k_revision_tries; ++tries) {
        ById stored;
        if (tries > 0 && !read_back({&op}, stored, outcome)) return;
        const ById& known = tries == 0 ? at_first : stored;
        const auto found = known.find(op.document.id);
        if (found == known.end()) break;  // another unique index is in the way
        const Stored& there = found->second;
        if (!op.document.grows) {
            if (there.hash && *there.hash == op.document.hash) {
                ++outcome.known_before;
            } else {
                metrics::sync_dup_total.add("conflict");
                refuse(op, "conflict: another document has this _id", true, outcome);
            }
            return;
        }
        if (!there.generation || there.site != settings_.site_id) {
            metrics::sync_dup_total.add("conflict");
            return refuse(op, "conflict: a foreign document has this _id", true, outcome);
        }
        const auto ours = text_at(op.document.fields.get(), "generation");
        if (there.generation == ours && there.change >= op.change) {
            ++outcome.known_before;
            return;
        }
        op.rev = there.rev + 1;
        const Attempt again = attempt({&op});
        if (give_up(again, outcome)) return;
        if (again.mood == Mood::fine && again.complete && again.errors.empty()) return;
        if (again.errors.empty()) return refuse(op, again.reason, among(again.code, k_document_codes), outcome);
        last = again.errors.front();
        if (last.code != k_duplicate) break;
    }
    refuse(op, last.reason + " (code " + std::to_string(last.code) + ")", true, outcome);
}

}  // namespace

base::Result<std::unique_ptr<Sink>> make_mongo_sink(MongoSettings settings) {
    begin_library();
    bson_error_t error{};
    const MongoUri uri = mongo_uri(settings);
    if (uri == nullptr) return base::make_error(base::Condition::fatal, "mongodb_uri");
    mongoc_client_pool_t* pool = mongoc_client_pool_new_with_error(uri.get(), &error);
    if (pool == nullptr) return base::make_error(base::Condition::fatal, "mongodb_uri");
    mongoc_client_pool_set_error_api(pool, MONGOC_ERROR_API_VERSION_2);
    return std::unique_ptr<Sink>(std::make_unique<MongoSink>(std::move(settings), pool));
}

void end_mongo() { mongoc_cleanup(); }

}  // namespace holdfast::sync
