#include "store/writer.hpp"

#include "base/base64.hpp"
#include "base/random.hpp"
#include "base/version.hpp"
#include "store/rows.hpp"

#include <algorithm>

namespace holdfast::store {
namespace {

constexpr std::size_t k_generation_bytes = 8;
constexpr std::string_view k_recovered = "recovered";  // decision of a call known only by its later rows

const char* word(Speaker speaker) { return speaker == Speaker::voice ? "voice" : "caller"; }

// A status only moves forward (T25): callbacks come late, twice or in the wrong order.
int rank(std::string_view status) {
    if (status == "ended") return 3;
    if (status == "interrupted") return 2;
    return status == "ringing" || status == "overflow" ? 0 : 1;
}

const std::string& insert_sql(const Table& table) {
    static const std::vector<std::string> statements = [] {
        std::vector<std::string> all;
        for (const Table* each : k_tables) all.push_back(each->insert_sql());
        return all;
    }();
    return statements[static_cast<std::size_t>(std::find(std::begin(k_tables), std::end(k_tables), &table) - std::begin(k_tables))];
}

// Eight bytes a call: a box that has purged a million of them knows them all while it brings rows over.
std::uint64_t hash_of(std::string_view sid) { return std::hash<std::string_view>()(sid); }

// Of a row that is told by itself.
std::optional<ChangeClass> class_of(const Table& table) {
    if (&table == &k_dispatch_table) return ChangeClass::dispatch;
    if (&table == &k_incident_table || &table == &k_fact_table) return ChangeClass::incident;
    if (&table == &k_utterance_table) return ChangeClass::transcript;
    if (&table == &k_recording_table) return ChangeClass::recording;
    if (&table == &k_audit_table) return ChangeClass::audit;
    return std::nullopt;
}

// Of a row that stands in the document of its call.
bool told_with_call(const Table& table) {
    return &table == &k_seam_table || &table == &k_incident_table || &table == &k_dispatch_table;
}

}  // namespace

const CallSid* call_of(const Record& record) {
    return std::visit(
        [](const auto& row) -> const CallSid* {
            if constexpr (std::is_same_v<std::decay_t<decltype(row)>, Audit>) {
                return row.call ? &*row.call : nullptr;
            } else if constexpr (std::is_same_v<std::decay_t<decltype(row)>, Delivered> ||
                                 std::is_same_v<std::decay_t<decltype(row)>, PurgeAudit>) {
                return nullptr;
            } else {
                return row.call.str().empty() ? nullptr : &row.call;
            }
        },
        record);
}

// --- take-over ---

TakenOver Writer::take_over(const TakeOver& start) {
    TakenOver done;
    std::uint64_t run = 0;
    std::uint64_t ticket = 0;
    bool clean = false;
    {
        Query q(db_, "SELECT generation, next_seq, run, ticket, clean_stop, rows FROM schema");
        if (q.step()) {
            done.generation = q.word(0);
            next_seq_ = q.number(1);
            run = static_cast<std::uint64_t>(q.number(2));
            ticket = static_cast<std::uint64_t>(q.number(3));
            clean = q.number(4) != 0;
            rows_ = q.number(5);
        }
    }
    if (done.generation.empty()) create_schema_row(start, done);
    generation_ = done.generation;
    go_on_with_chain(start, done.generation);
    if (run == start.run && done.previous.empty()) {
        done.previous = "same";
        done.ticket = ticket;
    } else {
        if (done.previous.empty()) done.previous = clean ? "clean" : "unclean";
        done.ticket = start.ticket;
        done.interrupted = mark_interrupted(start.utc_ms);
        done.replayed = replay(start, run, ticket);
        if (start.emergency != nullptr) done.unreadable = static_cast<std::int64_t>(start.emergency->bad_bytes);
        note(start.utc_ms, "start",
             "previous=" + done.previous + " interrupted=" + std::to_string(done.interrupted) + " replayed=" +
                 std::to_string(done.replayed) + " version=" + std::string(base::version()));
        Query(db_, "UPDATE schema SET run = ?, ticket = ?, clean_stop = 0, site_id = ?",
              static_cast<std::int64_t>(start.run), static_cast<std::int64_t>(start.ticket), start.site_id)
            .run();
    }
    for (const auto& file : start.set_aside) note(start.utc_ms, "quarantine", file);
    for (const auto& damaged : start.to_salvage) order(damaged, start.utc_ms);
    for (const auto& loss : start.losses) lost(loss, start.utc_ms);
    Query(db_, "UPDATE schema SET public_key = ?", vault_.public_half()).run();
    save_progress(done.ticket);
    return done;
}

// Links of one key and one life of the journal are a segment. A key that cannot be opened now ends its segment.
void Writer::go_on_with_chain(const TakeOver& start, const std::string& generation) {
    if (!chain_.load()) {
        begin_chain_segment(start.chain, generation);
        rows_ = 0;
        for (const Table* table : k_tables) rows_ += db_.number((std::string("SELECT count(*) FROM ") + table->name).c_str());
        if (rows_ > 0) chain_.catch_up();
        return;
    }
    const auto segment = chain_.newest_segment();
    const bool plain = !segment || segment->sealed_key.empty();
    const auto key = plain ? std::nullopt : vault_.open_key(chain_key_name(segment->generation, segment->first), segment->sealed_key);
    if (key) return chain_.use_key(std::string(key->bytes()));
    if (plain && vault_.public_half().empty()) return;
    begin_chain_segment(chain_.head(), generation);
}

void Writer::begin_chain_segment(const ChainHead& from, const std::string& generation) {
    const Key key = Key::random();
    const auto sealed = vault_.seal_key(chain_key_name(generation, from.n + 1), key);
    chain_.begin(from, generation, sealed, sealed.empty() ? std::string() : std::string(key.bytes()));
}

void Writer::mark() {
    marked_seq_ = next_seq_;
    marked_rows_ = rows_;
    chain_.mark();
}

void Writer::forget() {
    next_seq_ = marked_seq_;
    rows_ = marked_rows_;
    chain_.forget();
    has_key_.clear();
}

Mark Writer::watermark() const {
    return {generation_, chain_.head(), rows_, next_seq_, migrations().back().version, vault_.public_half()};
}

void Writer::inserted(const Table& table, std::int64_t seq) {
    ++rows_;
    chain_.wrote(table, seq);
}

bool Writer::lost(const Loss& loss, std::int64_t utc_ms) {
    Query(db_, "INSERT OR IGNORE INTO loss (utc_ms, what, rows, part, row, detail) VALUES (?, ?, ?, ?, ?, ?)", utc_ms, loss.what,
          loss.rows, loss.part, loss.row, loss.detail)
        .run();
    if (db_.number("SELECT changes()") == 0) return false;
    note(utc_ms, "loss", "what=" + loss.what + " rows=" + std::to_string(loss.rows) + (loss.detail.empty() ? "" : " " + loss.detail));
    return true;
}

// The key is there before the first text that is sealed with it, in one transaction.
Key Writer::key_for(const std::string& sid) {
    auto keys = vault_.keys_of(sid);
    if (!keys.empty() && has_key_.count(sid) > 0) return keys.front();
    const auto known = sealed_key_in(db_, sid);
    if (!known || keys.empty()) {
        const auto sealed = vault_.make(sid, known.value_or(""));
        save_sealed_key(db_, sid, sealed);
        keys = vault_.cached(sid);
    }
    if (has_key_.size() >= Vault::k_calls_max) has_key_.clear();
    has_key_.insert(sid);
    return keys.front();
}

std::string Writer::stored(const std::string& sid, std::string_view column, std::int64_t row, const Text& text) {
    if (vault_.state() == Vault::State::off || sid.empty()) return stored_plain(text.reveal());
    if (text.reveal().empty()) return {};
    return stored_sealed(key_for(sid), sealed_for(sid, column, row), text.reveal());
}

void Writer::create_schema_row(const TakeOver& start, TakenOver& done) {
    done.generation = base::random_hex(k_generation_bytes);
    done.previous = "new";
    next_seq_ = 1;
    Query(db_,
          "INSERT INTO schema (id, generation, site_id, created_utc_ms, created_by, next_seq, run, ticket, "
          "clean_stop, emergency_file, emergency_bytes) VALUES (1, ?, ?, ?, ?, 1, 0, 0, 0, '', 0)",
          done.generation, start.site_id, start.utc_ms, base::version())
        .run();
}

// `run` and `ticket` say what the run before us has in the database; (emergency_file, emergency_bytes)
// which part of the file an earlier start has taken already, if it died before it could empty the file.
std::int64_t Writer::replay(const TakeOver& start, std::uint64_t run, std::uint64_t ticket) {
    if (start.emergency == nullptr || start.emergency->bytes == 0) return 0;
    const std::string file_id = base::hex_encode(start.emergency->file_id);
    std::size_t taken = 0;
    if (db_.word("SELECT emergency_file FROM schema") == file_id) {
        taken = static_cast<std::size_t>(db_.number("SELECT emergency_bytes FROM schema"));
    }
    std::int64_t replayed = 0;
    const auto& rows = start.emergency->rows;
    for (replaying_ = 0; replaying_ < rows.size() && db_.ok(); ++replaying_) {
        const auto& row = rows[replaying_];
        const bool here = row.end <= taken || (row.run == run && row.ticket <= ticket) ||
                          (row.run == start.salvaged_run && row.ticket <= start.salvaged_ticket);
        if (here || row.run == start.run) continue;
        write(row.record);
        if (!db_.ok()) break;
        ++replayed;
    }
    Query(db_, "UPDATE schema SET emergency_file = ?, emergency_bytes = ?", file_id,
          static_cast<std::int64_t>(start.emergency->bytes))
        .run();
    return replayed;
}

// A call that was open when an earlier run died ended with that run, at the last thing known of it.
std::int64_t Writer::mark_interrupted(std::int64_t utc_ms) {
    std::vector<std::int64_t> open;
    for (Query q(db_, "SELECT seq, call_sid FROM call WHERE ended_utc_ms IS NULL"); q.step();) {
        if (live_.count(q.word(1)) == 0) open.push_back(q.number(0));
    }
    for (const auto call : open) {
        Query(db_,
              "UPDATE call SET status = 'interrupted', end_reason = 'interrupted', ended_utc_ms = max(started_utc_ms, "
              "coalesce((SELECT max(utc_ms) FROM utterance WHERE utterance.call = ?1), 0), "
              "coalesce((SELECT max(utc_ms) FROM seam WHERE seam.call = ?1), 0)) WHERE seq = ?1",
              call)
            .run();
        Query(db_, "UPDATE call SET duration_ms = ended_utc_ms - started_utc_ms WHERE seq = ?", call).run();
        rehash(call);
        changed(ChangeClass::call, call, utc_ms);
    }
    return static_cast<std::int64_t>(open.size());
}

void Writer::save_progress(std::uint64_t ticket) {
    Query(db_, "UPDATE schema SET next_seq = ?, rows = ?, ticket = ?", next_seq_, rows_, static_cast<std::int64_t>(ticket)).run();
    guard_schema_row(db_);
}

void Writer::save_next_seq() {
    Query(db_, "UPDATE schema SET next_seq = ?, rows = ?", next_seq_, rows_).run();
    guard_schema_row(db_);
}

void Writer::note(std::int64_t utc_ms, std::string_view action, std::string_view detail) {
    write(Audit{utc_ms, "daemon", std::string(action), std::string(detail), std::nullopt});
}

void Writer::note_stop(std::int64_t utc_ms) {
    note(utc_ms, "stop", "clean");
    Query(db_, "UPDATE schema SET clean_stop = 1").run();
    save_next_seq();
}

// --- records ---

Written Writer::write(const Record& record) {
    return std::visit([this](const auto& row) { return write(row); }, record);
}

std::optional<Writer::Call> Writer::find(const std::string& sid) {
    Query q(db_, "SELECT seq, status, decision, last_call_seq, started_utc_ms FROM call WHERE call_sid = ?", sid);
    if (!q.step()) return std::nullopt;
    return Call{q.number(0), q.word(1), q.word(2), q.number(3), q.number(4)};
}

// A row about a call that is not there (its opening row was lost with a damaged file) makes one.
Writer::Call Writer::find_or_recover(const std::string& sid, std::int64_t started_utc_ms) {
    if (auto call = find(sid)) return *call;
    const auto live = live_.find(sid);
    const std::int64_t base = live == live_.end() ? 0 : live->second;
    Call call{next_seq_++, "streaming", std::string(k_recovered), base, started_utc_ms};
    Query(db_, insert_sql(k_call_table), call.seq, base, base, nullptr, nullptr, sid, "", "", "", "", "", call.status,
          "", call.decision, "", "", started_utc_ms, nullptr, nullptr)
        .run();
    inserted(k_call_table, call.seq);
    changed(ChangeClass::call, call.seq, started_utc_ms);
    return call;
}

Writer::Place Writer::next_place(const std::string& sid, std::int64_t started_utc_ms) {
    const auto call = find_or_recover(sid, started_utc_ms);
    Query(db_, "UPDATE call SET last_call_seq = last_call_seq + 1 WHERE seq = ?", call.seq).run();
    return {call.seq, call.last_call_seq + 1};
}

// Numbers of a class go on behind what the sinks have, whatever has been removed.
void Writer::changed(ChangeClass change_class, std::int64_t row, std::int64_t utc_ms) {
    Query(db_,
          "INSERT INTO change (class, number, row, utc_ms, crc) SELECT c, n, r, u, row_crc(c, n, r, u) FROM (SELECT ?1 AS c, 1 + "
          "max(coalesce((SELECT max(number) FROM change WHERE class = ?1), 0), coalesce((SELECT max(number) FROM cursor WHERE class = "
          "?1), 0)) AS n, ?2 AS r, ?3 AS u)",
          static_cast<std::int64_t>(change_class), row, utc_ms)
        .run();
}

Writer::MaybePlace Writer::place_if_any(const CallSid& call, std::int64_t started_utc_ms) {
    if (call.str().empty()) return {};
    const auto place = next_place(call.str(), started_utc_ms);
    return {call.str(), place.call, place.call_seq};
}

void Writer::rehash(std::int64_t call) {
    static const std::string sql =
        "UPDATE call SET crc = " + k_call_table.hash_sql() + " WHERE seq = ?";
    Query(db_, sql, call).run();
    chain_.wrote(k_call_table, call);
}

Written Writer::write(const CallOpened& row) {
    const auto& sid = row.call.str();
    if (const auto call = find(sid)) {  // the webhook came twice, or later rows were first
        fill(*call, row, stored(sid, "call.from_number", 0, row.from), stored(sid, "call.to_number", 0, row.to));
        return {nullptr, call->last_call_seq};
    }
    const auto live = live_.find(sid);
    const std::int64_t base = live == live_.end() ? 0 : live->second;
    const auto seq = next_seq_++;
    Query(db_, insert_sql(k_call_table), seq, base, base, nullptr, nullptr, sid, row.account_sid,
          stored(sid, "call.from_number", 0, row.from), stored(sid, "call.to_number", 0, row.to), row.direction, row.attestation,
          row.status, row.rung, row.decision, "", "", row.utc_ms, nullptr, nullptr)
        .run();
    inserted(k_call_table, seq);
    changed(ChangeClass::call, seq, row.utc_ms);
    return {&k_call_table, base};
}

// Adds what is not known yet; never changes what is. The numbers come as they are stored.
void Writer::fill(const Call& call, const CallOpened& row, const std::string& from_number, const std::string& to_number) {
    const auto started = call.decision == k_recovered ? std::min(row.utc_ms, call.started_utc_ms) : call.started_utc_ms;
    Query(db_,
          "UPDATE call SET account_sid = iif(account_sid = '', ?2, account_sid), from_number = iif(from_number = '', "
          "?3, from_number), to_number = iif(to_number = '', ?4, to_number), direction = iif(direction = '', ?5, "
          "direction), attestation = iif(attestation = '', ?6, attestation), rung = iif(rung = '', ?7, rung), decision "
          "= iif(decision IN ('', 'recovered') AND ?8 <> '', ?8, decision), started_utc_ms = ?9 WHERE seq = ?1",
          call.seq, row.account_sid, from_number, to_number, row.direction, row.attestation, row.rung, row.decision, started)
        .run();
    rehash(call.seq);
    changed(ChangeClass::call, call.seq, row.utc_ms);
}

Written Writer::write(const CallChanged& row) {
    const auto call = find_or_recover(row.call.str(), row.utc_ms - row.offset_ms);
    const Written done{nullptr, call.last_call_seq};
    if (rank(call.status) >= rank("interrupted")) return done;
    if (row.status && rank(*row.status) >= rank("interrupted")) {
        finish(call, *row.status, row.utc_ms, row.offset_ms, "");
    } else if (row.status && rank(*row.status) > rank(call.status)) {
        Query(db_, "UPDATE call SET status = ? WHERE seq = ?", *row.status, call.seq).run();
    }
    Query(db_, "UPDATE call SET rung = coalesce(?, rung), stream_sid = coalesce(?, stream_sid) WHERE seq = ?", row.rung,
          row.stream_sid, call.seq)
        .run();
    rehash(call.seq);
    changed(ChangeClass::call, call.seq, row.utc_ms);
    return done;
}

Written Writer::write(const CallEnded& row) {
    const auto call = find_or_recover(row.call.str(), row.utc_ms - row.offset_ms);
    if (rank(call.status) < rank("ended")) {
        finish(call, "ended", row.utc_ms, row.offset_ms, row.reason);
        rehash(call.seq);
        changed(ChangeClass::call, call.seq, row.utc_ms);
    }
    return {nullptr, call.last_call_seq};
}

void Writer::finish(const Call& call, std::string_view status, std::int64_t utc_ms, std::int64_t duration_ms,
                    std::string_view reason) {
    Query(db_, "UPDATE call SET status = ?, ended_utc_ms = ?, duration_ms = ?, end_reason = ? WHERE seq = ?", status,
          utc_ms, duration_ms, reason, call.seq)
        .run();
}

// A piece of a recording may be transcribed again when the process died before it knew that its words were safe.
std::optional<std::int64_t> Writer::known_deferred(const Utterance& row) {
    if (!row.deferred) return std::nullopt;
    const auto call = find(row.call.str());
    if (!call) return std::nullopt;
    Query known(db_, "SELECT call_seq FROM utterance WHERE call = ? AND item_id = ? AND deferred <> 0", call->seq,
                row.item_id);
    if (!known.step()) return std::nullopt;
    return known.number(0);
}

Written Writer::write(const Utterance& row) {
    if (const auto call_seq = known_deferred(row)) return {nullptr, *call_seq};
    const auto& sid = row.call.str();
    const auto place = next_place(sid, row.utc_ms - row.end_ms);
    const auto seq = next_seq_++;
    Query(db_, insert_sql(k_utterance_table), seq, place.call, place.call_seq, nullptr, nullptr, sid, row.utc_ms,
          word(row.speaker), stored(sid, "utterance.text", seq, row.text), row.start_ms, row.end_ms, row.provider, row.item_id,
          row.failed, row.interrupted, row.played_ms, row.total_ms, row.response_us, row.vad_us, row.provider_us,
          row.box_us, row.deferred)
        .run();
    inserted(k_utterance_table, seq);
    changed(ChangeClass::transcript, seq, row.utc_ms);
    return {&k_utterance_table, place.call_seq};
}

Written Writer::write(const Seam& row) {
    const auto& sid = row.call.str();
    const auto place = next_place(sid, row.utc_ms - row.offset_ms);
    const auto seq = next_seq_++;
    Query(db_, insert_sql(k_seam_table), seq, place.call, place.call_seq, nullptr, nullptr, sid, row.utc_ms,
          row.offset_ms, row.kind, row.from_rung, row.to_rung, row.reason)
        .run();
    inserted(k_seam_table, seq);
    changed(ChangeClass::call, place.call, row.utc_ms);
    return {&k_seam_table, place.call_seq};
}

// The one record that may name a call which never was (a refused stream says any CallSid): it must not
// bring one into being.
Written Writer::write(const Audit& row) {
    std::optional<std::string> sid;
    std::optional<std::int64_t> call, call_seq;
    if (row.call) sid = row.call->str();
    if (sid && find(*sid)) {
        const auto place = next_place(*sid, row.utc_ms);
        call = place.call;
        call_seq = place.call_seq;
    }
    const auto seq = next_seq_++;
    Query(db_, insert_sql(k_audit_table), seq, call, call_seq, nullptr, nullptr, sid, row.utc_ms, row.actor,
          row.action, row.detail)
        .run();
    inserted(k_audit_table, seq);
    changed(ChangeClass::audit, seq, row.utc_ms);
    return {&k_audit_table, call_seq.value_or(0)};
}

// A recording is announced again when the process died before it could give the file its last name.
Written Writer::write(const Recording& row) {
    const auto& sid = row.call.str();
    const auto call = find_or_recover(sid, row.utc_ms - row.offset_ms);
    {
        Query known(db_, "SELECT call_seq FROM recording WHERE call = ? AND path = ?", call.seq, row.path);
        if (known.step()) return {nullptr, known.number(0)};
    }
    const auto place = next_place(sid, row.utc_ms - row.offset_ms);
    const auto seq = next_seq_++;
    Query(db_, insert_sql(k_recording_table), seq, place.call, place.call_seq, nullptr, nullptr, sid,
          row.utc_ms, row.offset_ms, row.path, row.sha256, row.duration_ms, row.lost_ms, row.legs, row.retention_class)
        .run();
    inserted(k_recording_table, seq);
    changed(ChangeClass::recording, seq, row.utc_ms);
    return {&k_recording_table, place.call_seq};
}

Written Writer::write(const Fact& row) {
    const auto& sid = row.call.str();
    const auto place = next_place(sid, row.utc_ms - row.offset_ms);
    const auto seq = next_seq_++;
    Query(db_, insert_sql(k_fact_table), seq, place.call, place.call_seq, nullptr, nullptr, sid, row.utc_ms, row.offset_ms,
          row.slot, row.source, stored(sid, "fact.value", seq, row.value), stored(sid, "fact.normal", seq, row.normal), row.kind,
          row.known, row.denied, row.confidence, row.turn, row.begin, row.end)
        .run();
    inserted(k_fact_table, seq);
    changed(ChangeClass::incident, place.call, row.utc_ms);
    return {&k_fact_table, place.call_seq};
}

Written Writer::write(const Incident& row) {
    const auto& sid = row.call.str();
    const auto place = next_place(sid, row.utc_ms - row.offset_ms);
    const auto seq = next_seq_++;
    Query(db_, insert_sql(k_incident_table), seq, place.call, place.call_seq, nullptr, nullptr, sid, row.utc_ms, row.offset_ms,
          row.rev, row.type, row.also, row.priority, stored(sid, "incident.place", seq, row.place), row.place_kind, row.place_known,
          row.differ, row.questions)
        .run();
    inserted(k_incident_table, seq);
    changed(ChangeClass::incident, place.call, row.utc_ms);
    changed(ChangeClass::call, place.call, row.utc_ms);
    return {&k_incident_table, place.call_seq};
}

Written Writer::write(const Dispatch& row) {
    const auto& sid = row.call.str();
    const auto place = next_place(sid, row.utc_ms - row.offset_ms);
    const auto seq = next_seq_++;
    Query(db_, insert_sql(k_dispatch_table), seq, place.call, place.call_seq, nullptr, nullptr, sid, row.utc_ms, row.offset_ms,
          row.number, row.state, row.rule, row.type, row.priority, stored(sid, "dispatch.place", seq, row.place), row.incomplete,
          row.actor, row.reason)
        .run();
    inserted(k_dispatch_table, seq);
    changed(ChangeClass::dispatch, seq, row.utc_ms);
    changed(ChangeClass::call, place.call, row.utc_ms);
    return {&k_dispatch_table, place.call_seq};
}

Written Writer::write(const Outbox& row) {
    const auto place = place_if_any(row.call, row.utc_ms - row.offset_ms);
    const auto seq = next_seq_++;
    Query(db_, insert_sql(k_outbox_table), seq, place.call, place.call_seq, nullptr, nullptr, place.sid, row.utc_ms, row.offset_ms,
          row.target, row.key, row.step, row.attempts, stored(row.call.str(), "outbox.body", seq, row.body))
        .run();
    inserted(k_outbox_table, seq);
    if (row.step == "retried") note_again(row);
    return {&k_outbox_table, place.call_seq.value_or(0)};
}

// What a dead letter told is to be told once more.
void Writer::note_again(const Outbox& row) {
    const auto word = std::string_view(row.key).substr(0, row.key.find('/'));
    for (const auto change_class : k_change_classes) {
        if (word != to_string(change_class)) continue;
        std::optional<std::int64_t> told;
        {
            Query q(db_,
                    "SELECT c.row FROM dead_letter AS l JOIN change AS c ON c.class = ?1 AND c.number = l.change WHERE l.key = ?2 AND "
                    "l.change > 0 ORDER BY l.seq DESC LIMIT 1",
                    static_cast<std::int64_t>(change_class), row.key);
            if (q.step()) told = q.number(0);
        }
        if (told) changed(change_class, *told, row.utc_ms);
    }
}

Written Writer::write(const DeadLetter& row) {
    const auto place = place_if_any(row.call, row.utc_ms - row.offset_ms);
    const auto seq = next_seq_++;
    // The reason may be the server's, and repeat what it refuses.
    Query(db_, insert_sql(k_dead_letter_table), seq, place.call, place.call_seq, nullptr, nullptr, place.sid, row.utc_ms, row.offset_ms,
          row.target, row.key, row.attempts, stored(row.call.str(), "dead_letter.reason", seq, Text(row.reason)),
          stored(row.call.str(), "dead_letter.body", seq, row.body), row.change)
        .run();
    inserted(k_dead_letter_table, seq);
    return {&k_dead_letter_table, place.call_seq.value_or(0)};
}

Written Writer::write(const Delivered& row) {
    Query(db_,
          "INSERT INTO cursor (sink, class, number, crc) VALUES (?1, ?2, ?3, row_crc(?1, ?2, ?3)) ON CONFLICT DO UPDATE SET number = "
          "max(number, excluded.number), crc = row_crc(sink, class, max(number, excluded.number))",
          row.sink, static_cast<std::int64_t>(row.change_class), row.number)
        .run();
    return {};
}

bool Writer::is_held(std::int64_t call) {
    Query q(db_, "SELECT action FROM audit WHERE call = ? AND action IN (?, ?) ORDER BY seq DESC LIMIT 1", call, k_hold, k_release);
    return q.step() && q.word(0) == k_hold;
}

// The audit row tells it and stays; it names the call, whose number is never given again.
Written Writer::write(const Purge& row) {
    const auto& sid = row.call.str();
    const auto call = find(sid);
    if (!call || rank(call->status) < rank("interrupted") || is_held(call->seq)) return {};
    const auto told = next_seq_;
    const auto asides = asides_with_words_of(call->seq, row.words_only);
    auto written = write(Audit{row.utc_ms, row.actor, row.words_only ? "purge_words" : "purge",
                               "reason=" + row.reason + (asides > 0 ? " set_aside=" + std::to_string(asides) : ""), row.call});
    written.asides = asides;
    if (!row.words_only) {
        if (knows_purged_) purged_.insert(std::upper_bound(purged_.begin(), purged_.end(), hash_of(sid)), hash_of(sid));
        for (const char* table : {"call_key", "call_key_copy"}) {
            Query(db_, std::string("DELETE FROM ") + table + " WHERE call_sid = ?", sid).run();
        }
        has_key_.erase(sid);
        vault_.forget(sid);
    }
    // The call's own row last: the others refer to it.
    for (const Table* table : {&k_utterance_table, &k_fact_table, &k_seam_table, &k_recording_table, &k_incident_table, &k_dispatch_table,
                               &k_outbox_table, &k_dead_letter_table, &k_call_table}) {
        const bool words = table == &k_utterance_table || table == &k_fact_table;
        if (row.words_only && !words) continue;
        Query(db_, std::string("DELETE FROM ") + table->name + " WHERE " + (table->is_call() ? "seq" : "call") + " = ?", call->seq).run();
        const auto gone = db_.number("SELECT changes()");
        if (gone == 0) continue;
        rows_ -= gone;
        chain_.purged(*table, call->seq, told);
    }
    return written;
}

// Keys go from such files; words that were stored in the clear stay, and so does what a key opens that stays itself.
std::int64_t Writer::asides_with_words_of(std::int64_t call, bool words_only) {
    Query asides(db_,
                 "SELECT count(*) FROM salvage WHERE done < 3 AND since_utc_ms >= (SELECT started_utc_ms FROM call WHERE seq = ?)", call);
    const auto count = asides.step() ? asides.number(0) : 0;
    if (count == 0 || words_only) return count;
    for (const char* sql : {"SELECT EXISTS (SELECT 1 FROM utterance WHERE call = ? AND text <> '' AND text NOT LIKE 'hf1:%')",
                            "SELECT EXISTS (SELECT 1 FROM fact WHERE call = ? AND value <> '' AND value NOT LIKE 'hf1:%')",
                            "SELECT EXISTS (SELECT 1 FROM call WHERE seq = ? AND from_number <> '' AND from_number NOT LIKE 'hf1:%')"}) {
        Query plain(db_, sql, call);
        if (plain.step() && plain.number(0) != 0) return count;
    }
    return 0;
}

// A bounded number at a time; asked for again while there are more.
Written Writer::write(const PurgeAudit& row) {
    constexpr std::int64_t k_rows_at_once = 500;
    std::int64_t last = 0;
    {
        Query q(db_, "SELECT max(seq) FROM (SELECT seq, utc_ms FROM audit ORDER BY seq LIMIT ?) WHERE utc_ms < ?", k_rows_at_once,
                row.before_utc_ms);
        if (q.step()) last = q.number(0);
    }
    if (last == 0) return {};
    // Those that keep a call, and what is known of a purge or of a loss, outlive the others.
    Query(db_,
          "DELETE FROM audit WHERE seq <= ?1 AND utc_ms < ?2 AND action NOT IN ('hold', 'release_hold', 'purge', 'purge_words', 'loss', "
          "'losses_seen')",
          last, row.before_utc_ms)
        .run();
    const auto gone = db_.number("SELECT changes()");
    if (gone == 0) return {};
    rows_ -= gone;
    chain_.purged(k_audit_table, 0, last);
    note(row.utc_ms, "purge_audit", "rows=" + std::to_string(gone));
    return {};
}

// --- rows out of a damaged file ---

void Writer::order(const SalvageOrder& order, std::int64_t utc_ms) {
    Query(db_,
          "INSERT INTO salvage (file, since_utc_ms, below_seq, done, salvaged_rows, gaps, generation, expected_rows) VALUES (?, ?, ?, "
          "0, 0, 0, ?, ?) ON CONFLICT DO NOTHING",
          order.file, utc_ms, order.below_seq, order.generation, order.expected_rows)
        .run();
}

std::int64_t Writer::origin_id(const std::string& generation) {
    Query(db_, "INSERT INTO origin (generation) VALUES (?) ON CONFLICT DO NOTHING", generation).run();
    Query(db_, "UPDATE origin SET crc = row_crc(id, generation) WHERE generation = ?", generation).run();
    Query q(db_, "SELECT id FROM origin WHERE generation = ?", generation);
    return q.step() ? q.number(0) : 0;
}

bool Writer::take_back(const Salvaged& row) {
    const auto from = origin_id(row.generation);
    if (row.table == &k_call_table) return take_back_call(row, from);
    const auto* sid = std::get_if<std::string>(&row.content.front());
    const auto* at = std::get_if<std::int64_t>(&row.content[1]);
    std::optional<std::int64_t> call, call_seq;
    if (sid != nullptr && row.table != &k_audit_table && was_purged(*sid)) return false;
    if (sid != nullptr && (row.table != &k_audit_table || find(*sid))) {
        call = find_or_recover(*sid, at != nullptr ? *at : 0).seq;
        call_seq = row.call_seq;
    }
    const std::string sql = row.table->insert_sql("INSERT OR IGNORE");
    {
        Query q(db_, sql, next_seq_, call, call_seq, from, row.seq);
        for (const auto& cell : row.content) q.bind(cell);
        q.run();
    }
    if (db_.number("SELECT changes()") == 0) return false;
    const auto seq = next_seq_++;
    inserted(*row.table, seq);
    const auto utc_ms = at != nullptr ? *at : 0;
    if (const auto told = class_of(*row.table)) changed(*told, *told == ChangeClass::incident ? *call : seq, utc_ms);
    if (call && told_with_call(*row.table)) changed(ChangeClass::call, *call, utc_ms);
    return true;
}

// A call is one row, whatever file its parts come from: what is known here stays, gaps are filled.
bool Writer::take_back_call(const Salvaged& row, std::int64_t from) {
    const auto columns = k_call_table.columns();
    const auto at = [&](std::string_view name) -> const Cell& {
        return row.content[static_cast<std::size_t>(std::find(columns.begin(), columns.end(), name) - columns.begin())];
    };
    const auto text = [&](std::string_view name) {
        const auto* value = std::get_if<std::string>(&at(name));
        return value == nullptr ? std::string() : *value;
    };
    const auto number = [&](std::string_view name) {
        const auto* value = std::get_if<std::int64_t>(&at(name));
        return value == nullptr ? 0 : *value;
    };
    const std::string sid = text("call_sid");
    if (const auto call = find(sid)) {
        CallOpened known;
        known.utc_ms = number("started_utc_ms");
        known.account_sid = text("account_sid");
        known.direction = text("direction");
        known.attestation = text("attestation");
        known.rung = text("rung");
        known.decision = text("decision");
        fill(*call, known, text("from_number"), text("to_number"));
        return false;
    }
    if (was_purged(sid)) return false;
    const auto seq = next_seq_++;
    {
        Query q(db_, insert_sql(k_call_table), seq, row.call_seq, row.call_seq, from, row.seq);
        for (const auto& cell : row.content) q.bind(cell);
        q.run();
    }
    inserted(k_call_table, seq);
    changed(ChangeClass::call, seq, number("started_utc_ms"));
    return true;
}

std::vector<SalvageOrder> Writer::unfinished_orders() {
    std::vector<SalvageOrder> orders;
    for (Query q(db_, "SELECT file, below_seq, generation, expected_rows FROM salvage WHERE done = 0 ORDER BY id"); q.step();) {
        orders.push_back({q.word(0), q.number(1), q.word(2), q.number(3)});
    }
    return orders;
}

void Writer::take_back(const Link& link, std::string_view head) {
    Query(db_, "INSERT OR IGNORE INTO chain (n, part, row, call, hash, head) VALUES (?, ?, ?, ?, ?, ?)", link.n, link.part, link.row,
          link.call, Blob{link.hash}, Blob{head})
        .run();
}

void Writer::take_back(const ChainSegment& segment) {
    Query(db_, "INSERT OR IGNORE INTO chain_segment (first, generation, before, sealed_key) VALUES (?, ?, ?, ?)", segment.first,
          segment.generation, Blob{segment.before}, segment.sealed_key)
        .run();
}

void Writer::take_back_key(const std::string& sid, const std::string& sealed) {
    if (was_purged(sid)) return;
    const auto known = sealed_key_in(db_, sid);
    if (!known) return save_sealed_key(db_, sid, sealed);
    // The call went on here under a key of its own before the old one was found.
    if (const auto both = vault_.with_more(sid, *known, sealed)) {
        save_sealed_key(db_, sid, *both);
        vault_.forget(sid);
    }
}

void Writer::know_purged() {
    if (std::exchange(knows_purged_, true)) return;
    for (Query q(db_, "SELECT call_sid FROM audit WHERE action = 'purge' AND call_sid IS NOT NULL"); q.step();) {
        purged_.push_back(hash_of(q.word(0)));
    }
    std::sort(purged_.begin(), purged_.end());
}

void Writer::forget_purged() {
    knows_purged_ = false;
    std::vector<std::uint64_t>().swap(purged_);
}

bool Writer::was_purged(const std::string& sid) const { return std::binary_search(purged_.begin(), purged_.end(), hash_of(sid)); }

bool Writer::knows_aside(const std::string& file) {
    Query q(db_, "SELECT 1 FROM salvage WHERE file = ?", file);
    return q.step();
}

void Writer::know_aside(const std::string& file, std::int64_t utc_ms) {
    Query(db_, "INSERT INTO salvage (file, since_utc_ms, below_seq, done, salvaged_rows, gaps) VALUES (?, ?, 0, 1, 0, 0)", file, utc_ms)
        .run();
}

std::optional<Writer::Aside> Writer::next_to_wipe(std::int64_t id) {
    Query q(db_, "SELECT id, file FROM salvage WHERE done = 1 AND id > ? ORDER BY id LIMIT 1", id);
    if (!q.step()) return std::nullopt;
    return Aside{q.number(0), q.word(1)};
}

void Writer::wiped(const Aside& aside, bool whole, std::int64_t keys, std::int64_t utc_ms) {
    if (whole) Query(db_, "UPDATE salvage SET done = 2 WHERE id = ?", aside.id).run();
    if (keys > 0) note(utc_ms, "set_aside_wiped", aside.file + " keys=" + std::to_string(keys));
}

bool Writer::may_be_wiped(const std::string& sid, const std::string& sealed) {
    const auto known = sealed_key_in(db_, sid);
    return known ? vault_.holds(sid, *known, sealed) : was_purged(sid);
}

std::vector<Writer::Aside> Writer::asides_before(std::int64_t utc_ms) {
    std::vector<Aside> found;
    for (Query q(db_, "SELECT id, file FROM salvage WHERE done IN (1, 2) AND since_utc_ms < ? ORDER BY id", utc_ms); q.step();) {
        found.push_back({q.number(0), q.word(1)});
    }
    return found;
}

bool Writer::anything_is_held() {
    std::vector<std::int64_t> once_held;
    for (Query q(db_, "SELECT DISTINCT call FROM audit WHERE action = ? AND call IS NOT NULL", k_hold); q.step();) {
        once_held.push_back(q.number(0));
    }
    return std::any_of(once_held.begin(), once_held.end(), [this](std::int64_t call) { return is_held(call); });
}

void Writer::gone(const Aside& aside) { Query(db_, "UPDATE salvage SET done = 3 WHERE id = ?", aside.id).run(); }

void Writer::removed(const Aside& aside, std::int64_t utc_ms) {
    gone(aside);
    note(utc_ms, "set_aside_removed", aside.file);
}

std::int64_t Writer::finish(const SalvageOrder& order, std::int64_t rows, std::int64_t gaps, std::int64_t lost_rows,
                            std::int64_t utc_ms) {
    Query(db_, "UPDATE salvage SET done = 1, salvaged_rows = ?, gaps = ?, lost_rows = ? WHERE file = ?", rows, gaps, lost_rows, order.file)
        .run();
    const auto interrupted = mark_interrupted(utc_ms);
    note(utc_ms, "salvaged",
         order.file + " rows=" + std::to_string(rows) + " gaps=" + std::to_string(gaps) + " lost=" + std::to_string(lost_rows));
    if (lost_rows > 0 || gaps > 0) lost({"salvage", lost_rows, 0, 0, "file=" + order.file + " gaps=" + std::to_string(gaps)}, utc_ms);
    return interrupted;
}

}  // namespace holdfast::store
