// The journal as calls and routes see it: rows go in by append() and are acknowledged when they are
// on the disk; questions go in by read(). The real one is SqliteJournal (sqlite_journal.hpp).
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/sensitive.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace holdfast::store {

using base::CallSid;
using Text = base::Sensitive<std::string>;

// Times: utc_ms is wall clock, offset_ms counts from the call's webhook on the monotonic clock.

struct CallOpened {
    CallSid call;
    std::int64_t utc_ms = 0;
    std::string account_sid;
    Text from;
    Text to;
    std::string direction;
    std::string attestation;  // StirVerstat, as received
    std::string status;       // ringing, or overflow when it was sent to people at once
    std::string rung;         // openai, person ...
    std::string decision;     // why: "admitted", "limit", "unhealthy", "draining", "form"
};

// Absent members do not change.
struct CallChanged {
    CallSid call;
    std::int64_t utc_ms = 0;
    std::int64_t offset_ms = 0;
    std::optional<std::string> status;  // ringing, streaming, ended, interrupted
    std::optional<std::string> rung;
    std::optional<std::string> stream_sid;
};

struct CallEnded {
    CallSid call;
    std::int64_t utc_ms = 0;
    std::int64_t offset_ms = 0;  // = duration of the call on this box
    std::string reason;          // a word of holdfast_calls_ended_total
};

enum class Speaker { caller, voice };

struct Utterance {
    CallSid call;
    std::int64_t utc_ms = 0;
    Speaker speaker = Speaker::caller;
    Text text;
    std::int64_t start_ms = 0;  // offsets in the call
    std::int64_t end_ms = 0;
    std::string provider;
    std::string item_id;  // the provider's; unique per call and provider session
    bool failed = false;  // transcription failed
    // Transcribed after the call, from its recording. The first row of an item_id stays, a later one is not written.
    bool deferred = false;
    // Voice only. An interrupted answer is kept whole with what was heard of it.
    bool interrupted = false;
    std::optional<std::int64_t> played_ms;
    std::optional<std::int64_t> total_ms;
    // First answer item of a turn only: response time and its parts.
    std::optional<std::int64_t> response_us;
    std::optional<std::int64_t> vad_us;
    std::optional<std::int64_t> provider_us;
    std::optional<std::int64_t> box_us;
};

struct Seam {
    CallSid call;
    std::int64_t utc_ms = 0;
    std::int64_t offset_ms = 0;
    std::string kind;  // session_renewed, voice_lost, takeover, gap, stream_blocked ...
    std::string from_rung;
    std::string to_rung;
    std::string reason;
};

struct Audit {
    std::int64_t utc_ms = 0;
    std::string actor;   // "twilio", "admin", "daemon"
    std::string action;  // "bad_signature", "bad_token", "start", "stop", "reload", "quarantine" ...
    std::string detail;  // no personal data
    std::optional<CallSid> call;
};

// A finished recording. Never changes; what a purge deletes is told by an audit row.
struct Recording {
    CallSid call;
    std::int64_t utc_ms = 0;     // of its first sample
    std::int64_t offset_ms = 0;  // in the call, of its first sample
    std::string path;            // relative to recording.path
    std::string sha256;          // of the file, lower-case hex
    std::int64_t duration_ms = 0;
    std::int64_t lost_ms = 0;     // of both legs together: silence in the file that was sound on the line
    std::string legs;             // which were heard: "both", "caller", "box", "none"
    std::string retention_class;  // "live", "canned" ...: how long it is kept
};

// What somebody said of the emergency. Never changes: a correction is a newer fact of the same slot.
struct Fact {
    CallSid call;
    std::int64_t utc_ms = 0;
    std::int64_t offset_ms = 0;  // in the call, where the turn it comes from began
    std::string slot;            // "type", "place"
    std::string source;          // "caller", "model"
    Text value;                  // as it was said
    Text normal;                 // a type's code, or the place normalised
    std::string kind;            // of a place: "address", "crossing" ...
    bool known = false;          // of a place: enough to send somebody to
    bool denied = false;         // "no weapons"
    std::int64_t confidence = 0; // percent
    std::string turn;            // item_id of the utterance
    std::int64_t begin = 0;      // bytes of that utterance's text; both 0 when it takes two utterances
    std::int64_t end = 0;
};

// What is known of a call's incident from now on; the newest revision counts.
struct Incident {
    CallSid call;
    std::int64_t utc_ms = 0;
    std::int64_t offset_ms = 0;
    std::int64_t rev = 0;        // 1, 2, 3 in the call
    std::string type;            // code; TROUBLE: not known
    std::string also;            // codes of further types, with spaces between them
    std::int64_t priority = 0;   // 1 to 5
    Text place;                  // normalised; empty: none was named
    std::string place_kind;
    bool place_known = false;
    bool differ = false;         // model and caller name different types or places
    std::int64_t questions = 0;  // that count
};

// A step in the life of a dispatch.
struct Dispatch {
    CallSid call;
    std::int64_t utc_ms = 0;
    std::int64_t offset_ms = 0;
    std::int64_t number = 0;     // 1, 2 ... in the call: a correction makes another one
    std::string state;           // "proposed" ...
    std::string rule;            // why: "place_and_type", "questions"
    std::string type;
    std::int64_t priority = 0;
    Text place;                  // normalised
    bool incomplete = false;     // something has to be asked while help is on its way
    std::string actor;           // who did it: "daemon" ...
    std::string reason;          // of a person who refused; no personal data
};

// A document that another system has to be given, and what became of it. `key` names it there for ever, so that
// giving it twice does no harm. One that has neither come to its end nor to dead_letter is owed.
struct Outbox {
    CallSid call;                // empty: it is about no call
    std::int64_t utc_ms = 0;
    std::int64_t offset_ms = 0;
    std::string target;          // "cad"
    std::string key;
    // "queued", then "delivered" or "replaced" (a newer one says more). Of a dead letter: "retried" (it is owed again) or
    // "discarded", by a person.
    std::string step;
    std::int64_t attempts = 0;
    Text body;                   // of "queued": what is sent, byte for byte
};

// A document that will not be taken, for a person to look at.
struct DeadLetter {
    CallSid call;                // empty: it is about no call
    std::int64_t utc_ms = 0;
    std::int64_t offset_ms = 0;
    std::string target;
    std::string key;
    std::int64_t attempts = 0;
    std::string reason;          // "http_422", "gave_up" ...; the server's own words
    Text body;
    std::int64_t change = 0;     // it was told by this change, of the class that `key` begins with: "transcript/..."
};

// What another database is to be told, most urgent first. Each row of the journal is written together with a note of what it
// changes, in one transaction; the notes of a class are numbered 1, 2, 3 without gaps.
enum class ChangeClass : std::int64_t { dispatch = 1, incident, call, transcript, recording, audit };
inline constexpr ChangeClass k_change_classes[] = {ChangeClass::dispatch,   ChangeClass::incident,  ChangeClass::call,
                                                   ChangeClass::transcript, ChangeClass::recording, ChangeClass::audit};
const char* to_string(ChangeClass change_class);

// A sink has all changes of the class up to `number`. Only ever moves forward.
struct Delivered {
    std::string sink;            // "mongodb"
    ChangeClass change_class = ChangeClass::dispatch;
    std::int64_t number = 0;
};

// Everything of a call goes, or its words only. Its key goes first: no copy of the rows can be read from then on. Does nothing
// to a call that goes on or that somebody holds; whether a sink still lacks something of it is for the caller to ask.
struct Purge {
    CallSid call;
    std::int64_t utc_ms = 0;
    bool words_only = false;     // utterances and facts
    std::string actor;           // "retention", or a person's name
    std::string reason;
};

// Audit rows written before go, but those of calls that are held.
struct PurgeAudit {
    std::int64_t utc_ms = 0;
    std::int64_t before_utc_ms = 0;
};

using Record = std::variant<CallOpened, CallChanged, CallEnded, Utterance, Seam, Audit, Recording, Fact, Incident, Dispatch,
                            Outbox, DeadLetter, Delivered, Purge, PurgeAudit>;

struct Committed {
    bool durable = false;          // on the disk (or, with `emergency`, in the emergency file)
    bool emergency = false;
    std::int64_t seq = 0;          // per call; 0 when there is no call or it is not known yet
    std::int64_t set_aside = 0;    // of a purge: damaged files that may still have words of the call
};
// Runs on the store thread: post to your own loop. Called exactly once for an accepted record.
using Ack = std::function<void(const Committed&)>;

// --- reading ---

struct CallRow {
    CallSid call;
    std::int64_t started_utc_ms = 0;
    std::optional<std::int64_t> ended_utc_ms;
    std::optional<std::int64_t> duration_ms;
    std::string status, rung, end_reason, decision, stream_sid, generation, attestation, account_sid;
    Text from, to;
    std::int64_t utterances = 0;
    std::int64_t last_seq = 0;
    bool held = false;        // a person said that it must stay
    bool unreadable = false;  // the numbers are there, but their key is not
};

struct UtteranceRow {
    std::int64_t seq = 0;
    Utterance utterance;
    bool unreadable = false;  // there, but its key is not, or it is damaged: the text is empty
};

struct SeamRow {
    std::int64_t seq = 0;
    Seam seam;
};

struct AuditRow {
    std::int64_t seq = 0;  // global
    Audit audit;
};

struct RecordingRow {
    std::int64_t seq = 0;
    Recording recording;
};

struct FactRow {
    std::int64_t seq = 0;
    Fact fact;
};

struct IncidentRow {
    std::int64_t seq = 0;
    Incident incident;
};

struct DispatchRow {
    std::int64_t seq = 0;
    Dispatch dispatch;
};

// The newest steps of all calls' dispatches.
struct DispatchSteps {
    std::vector<DispatchRow> rows;  // oldest first; seq is global
};

struct ReadDispatches {
    std::int64_t limit = 1000;            // steps, at most 5000
    std::int64_t since_utc_ms = 0;
};

struct Owed {
    std::vector<Outbox> documents;        // oldest first
};

struct CallDetail {
    CallRow call;
    std::vector<UtteranceRow> utterances;
    std::vector<SeamRow> seams;
    std::vector<RecordingRow> recordings;
    std::vector<AuditRow> audit;  // of this call
    std::vector<FactRow> facts;
    std::vector<IncidentRow> incidents;   // every revision, oldest first
    std::vector<DispatchRow> dispatches;  // every step, oldest first
    std::vector<DeadLetter> dead_letters;  // without their bodies
};

struct DeadLetterRow {
    std::int64_t seq = 0;  // global
    DeadLetter letter;
};
struct DeadLetters {
    std::vector<DeadLetterRow> rows;  // newest first; without their bodies
};
struct ReadDeadLetters {
    std::int64_t limit = 50;          // at most 1000
    std::optional<std::int64_t> seq;  // only this one
};

struct CallList {
    std::vector<CallRow> calls;  // newest first
};

struct ReadCalls {
    std::int64_t limit = 50;               // at most 1000
    std::optional<std::int64_t> before_utc_ms;  // started before
    bool active_only = false;
};

// One thing to be told, as it is now: the row of `transcript`, `recording` and `audit`; of the others what there is about the
// call, with the number of its newest change only.
struct CallState {
    CallRow call;
    std::vector<SeamRow> seams;
    std::optional<IncidentRow> incident;  // the newest
    std::vector<DispatchRow> dispatches;  // the newest step of each
};
struct IncidentState {
    IncidentRow incident;  // the newest
    std::vector<FactRow> facts;
};
struct DispatchState {
    std::vector<DispatchRow> steps;  // of one dispatch, never empty
};
struct Change {
    std::int64_t number = 0;  // in its class
    std::int64_t utc_ms = 0;  // of the row that made it
    // The row's name for ever: of the generation it was first written in. Of what has many rows, this generation and 0.
    std::string generation;
    std::int64_t seq = 0;
    std::variant<DispatchState, IncidentState, CallState, Utterance, Recording, Audit> what;
};
struct ReadChanges {
    std::string sink;
    ChangeClass change_class = ChangeClass::dispatch;
    std::int64_t limit = 100;               // changes, at most 1000
    std::int64_t bytes_max = 1'000'000;     // of text; one change is always given
};
struct Changes {
    std::string generation;                 // of the journal
    std::int64_t next = 0;                  // delivering these means: delivered up to here
    std::int64_t waiting = 0;               // changes of the class that are not delivered, these included
    std::vector<Change> rows;               // oldest first; empty with next > 0: nothing to be told of them
};

struct ClassBacklog {
    ChangeClass change_class = ChangeClass::dispatch;
    std::int64_t waiting = 0;
    std::optional<std::int64_t> oldest_utc_ms;
};

// An audit row of a call with the action k_hold keeps it from every purge until one with k_release.
inline constexpr const char* k_hold = "hold";
inline constexpr const char* k_release = "release_hold";

// What retention may take: calls that ended before, in the order of their end. None that is held, or of which a sink (its name;
// empty: there is none) lacks anything.
struct ReadPurgeable {
    std::int64_t before_utc_ms = 0;
    bool words_only = false;   // those that have words left
    std::string sink;
    std::int64_t limit = 100;  // at most 1000
    std::string audio_sink{};  // of the sound of recordings, which has only those; empty: there is none
};
struct Purgeable {
    std::vector<CallSid> calls;
    std::int64_t waiting_for_sink = 0;  // old enough, but a sink lacks something of them: as far as was looked
};

// The chain, in bites: first its links (part 0), then the rows of each table.
struct ReadChain {
    std::int64_t part = 0;
    std::int64_t after = 0;
    std::int64_t limit = 2'000;  // at most 5000
    std::optional<std::int64_t> link;  // nothing is followed: only the head of this link is asked for, and where the chain is
};
struct ChainFinding {
    std::int64_t n = 0;     // the link's number; 0 without one
    std::string what;       // "changed", "missing", "unrecorded" (a row without link), "link" (the chain itself), "index"
    std::string table;
    std::int64_t part = 0;  // of `table`
    std::int64_t row = 0;   // its seq
    std::string detail;
};
struct PurgedRows {
    std::int64_t audit_seq = 0;
    std::int64_t rows = 0;
    std::int64_t utc_ms = 0;
    std::string line;       // actor, action and detail of the audit row; empty: it was purged itself
};
struct ChainBite {
    bool done = false;
    std::int64_t next_part = 0;
    std::int64_t next = 0;
    std::int64_t links = 0;
    std::int64_t rows = 0;
    std::int64_t purged = 0;
    bool heads_checked = true;  // false: a key of the chain cannot be opened
    std::vector<ChainFinding> findings;
    std::vector<PurgedRows> purges;
    std::int64_t newest = 0;
    std::string newest_head;    // 32 bytes
    std::string link_head;      // of ReadChain::link; empty: there is no such link
};

// An audit row with this action says that a person has seen every loss before it.
inline constexpr const char* k_losses_seen = "losses_seen";
struct LossRow {
    std::int64_t id = 0;
    std::int64_t utc_ms = 0;
    std::string what;       // "salvage", "journal_missing", "watermark", "changed", "missing" ...
    std::int64_t rows = 0;  // 0: not known
    std::string table;      // of one row
    std::int64_t row = 0;
    std::string detail;
    bool seen = false;      // a person has said so
    std::string call;       // CallSid of that row's call, when it is still there
};

// A recording of a call that stood on rung canned, or of words that nobody wrote down (class "unheard"), about which
// no audit row k_transcribed says yet that its words are written down. Such a row begins with "path=PATH ".
inline constexpr const char* k_transcribed = "recording_transcribed";
struct UntranscribedRecording {
    std::int64_t row = 0;  // grows with the age of the journal
    std::optional<std::int64_t> call_ended_utc_ms;  // none: the call goes on
    Recording recording;
};
struct Untranscribed {
    std::vector<UntranscribedRecording> recordings;  // oldest first
    std::int64_t next = 0;  // where to go on; every recording up to it has been looked at
    bool more = false;
};

enum class StoreHealth { good, degraded, failed };
const char* to_string(StoreHealth health);

struct StoreStatus {
    StoreHealth health = StoreHealth::good;
    std::string reason;  // "", "full", "readonly", "io", "stalled", "missing", "quarantined"
    std::string generation;
    std::int64_t schema_version = 0;
    std::int64_t rows_committed = 0;
    std::int64_t rows_waiting = 0;
    std::int64_t database_bytes = 0;
    std::int64_t wal_bytes = 0;
    std::int64_t free_bytes = 0;
    std::int64_t total_bytes = 0;
    // What was found to be gone or changed and nobody has seen yet.
    std::int64_t losses = 0;
    std::int64_t lost_rows = 0;              // of them, as far as it is known
    std::string loss;                        // the newest: its `what`
    std::optional<std::int64_t> verified_utc_ms;  // the whole chain was followed to its end
    std::string encryption;                  // "off", "on", "key_missing"
    std::int64_t keys_to_rotate = 0;         // calls' keys that are not under the newest master key yet
    std::int64_t keys_unreadable = 0;        // those that no master key opens which was given
    std::int64_t files_set_aside = 0;        // damaged ones, beside the journal
    std::int64_t keys_set_aside = 0;         // calls' keys in them that the journal does not have
};

class Journal {
  public:
    virtual ~Journal() = default;
    // Queues a row and returns; never waits. False when the queue is full (counted): the caller of
    // append must say so loudly. Any thread.
    virtual bool append(Record record, Ack ack = {}) = 0;
    // Answers on the store thread, after the rows queued before. Any thread.
    virtual void read_calls(ReadCalls query, std::function<void(base::Result<CallList>)> done) = 0;
    virtual void read_call(CallSid call, std::function<void(base::Result<CallDetail>)> done) = 0;
    virtual void read_dispatches(ReadDispatches query, std::function<void(base::Result<DispatchSteps>)> done) = 0;
    // What is owed to `target`: the oldest thousand.
    virtual void read_owed(std::string target, std::function<void(base::Result<Owed>)> done) = 0;
    // Those that nobody has retried or discarded.
    virtual void read_dead_letters(ReadDeadLetters query, std::function<void(base::Result<DeadLetters>)> done) = 0;
    // Looks at a bounded number of recordings behind row `after` (0: from the first one).
    virtual void read_untranscribed(std::int64_t after, std::function<void(base::Result<Untranscribed>)> done) = 0;
    // The next changes of a class that the sink does not have.
    virtual void read_changes(ReadChanges query, std::function<void(base::Result<Changes>)> done) = 0;
    // What the sink does not have, class by class.
    virtual void read_backlog(std::string sink, std::function<void(base::Result<std::vector<ClassBacklog>>)> done) = 0;
    virtual void read_purgeable(ReadPurgeable query, std::function<void(base::Result<Purgeable>)> done) = 0;
    virtual void read_chain(ReadChain query, std::function<void(base::Result<ChainBite>)> done) = 0;
    // The newest hundred.
    virtual void read_losses(std::function<void(base::Result<std::vector<LossRow>>)> done) = 0;
    virtual StoreStatus status() const = 0;  // any thread; a snapshot
};

}  // namespace holdfast::store
