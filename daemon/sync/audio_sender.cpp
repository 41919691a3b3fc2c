#include "sync/audio_sender.hpp"

#include "log/log.hpp"
#include "metrics/catalog.hpp"
#include "sync/ask.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace holdfast::sync {
namespace {

constexpr log::Logger k_log{"sync"};
constexpr std::int64_t k_piece_bytes = k_audio_chunk_bytes * k_audio_chunks_most;
constexpr std::int64_t k_rows_looked_at = 100;  // those of which nothing is left are passed over together
constexpr int k_missing_tries = 3;              // a purge removes files first, then rows
constexpr int k_unsure_tries = 5;               // as with rows
constexpr int k_unread_tries = 12;              // some four minutes: a recording gets its name up to one after its row
constexpr std::chrono::milliseconds k_people_wait{60'000};
constexpr std::chrono::milliseconds k_pace_most{60'000};

}  // namespace

AudioSender::AudioSender(Parts parts)
    : parts_(std::move(parts)), backoff_(parts_.worker.again_first, parts_.worker.again_most) {
    parts_.publish([](AudioStatus& s) { s.state = State::starting; });
}

AudioSender::Turn AudioSender::turn() {
    if (base::Mono::now() < not_before_) return Turn::idle;
    if (!going_) return next();
    switch (going_->stage) {
        case Stage::look: return look();
        case Stage::check: return check();
        case Stage::send: return send();
        case Stage::finish: return finish();
    }
    return Turn::idle;
}

std::optional<store::Changes> AudioSender::ask_next() const {
    store::ReadChanges query{parts_.sink.name(), store::ChangeClass::recording, k_rows_looked_at};
    return ask<store::Changes>([&](auto done) { parts_.worker.journal.read_changes(query, std::move(done)); });
}

// The row may have been purged while its sound was being sent, or the journal be another one with other numbers.
bool AudioSender::is_next() const {
    const auto changes = ask_next();
    if (!changes || changes->rows.empty()) return false;
    const auto& first = changes->rows.front();
    const auto& going = going_->change;
    return first.number == going.number && first.generation == going.generation && first.seq == going.seq;
}

AudioSender::Turn AudioSender::next() {
    auto changes = ask_next();
    if (!changes) return start_over();
    if (changes->waiting == 0) {
        good();
        return Turn::idle;
    }
    if (changes->rows.empty()) return deliver(changes->next);
    going_.emplace();
    going_->change = std::move(changes->rows.front());
    if (troubled_ != going_->change.number) {
        troubled_ = going_->change.number;
        tries_ = 0;
    }
    return Turn::moved;
}

AudioSender::Turn AudioSender::look() {
    Outcome outcome;
    if (!in_sink([this] { return parts_.sink.look(going_->change, going_->there); }, outcome)) return Turn::over;
    if (!taken(outcome)) return not_taken(outcome);
    if (going_->there.whole) return done("known");
    going_->stage = Stage::check;
    return Turn::moved;
}

// A changed or damaged one must not stand in the agency's database as if it were what was recorded, nor half of it.
AudioSender::Turn AudioSender::check() {
    std::optional<base::Result<AudioPiece>> piece;
    if (!read(k_piece_bytes, piece)) return Turn::over;
    if (!*piece) return unread(piece->error());
    auto& going = *going_;
    going.hash.update((*piece)->bytes);
    going.at += static_cast<std::int64_t>((*piece)->bytes.size());
    if (going.at < (*piece)->total && !(*piece)->bytes.empty()) return Turn::moved;
    if (going.hash.hex() != going.recording().sha256) {
        return put_aside("the recording is not what was recorded: its SHA-256 differs", "differs");
    }
    going.total = going.at;
    const auto chunks = (going.total + k_audio_chunk_bytes - 1) / k_audio_chunk_bytes;
    if (going.there.chunks > chunks) return put_aside("conflict: chunks of something else are there", "conflict");
    // A write that was cut off may have left gaps in what it wrote; what was before it had been taken.
    going.at = std::max<std::int64_t>(0, going.there.chunks - k_audio_chunks_most) * k_audio_chunk_bytes;
    going.stage = Stage::send;
    return Turn::moved;
}

AudioSender::Turn AudioSender::send() {
    const auto share = parts_.worker.allowance().bytes_per_second;
    const auto chunks = share ? std::clamp<std::int64_t>(*share / k_audio_chunk_bytes, 1, k_audio_chunks_most) : k_audio_chunks_most;
    auto& going = *going_;
    const auto most = std::min(chunks * k_audio_chunk_bytes, going.total - going.at);
    std::optional<base::Result<AudioPiece>> piece;
    if (!read(most, piece)) return Turn::over;
    if (!*piece) return unread(piece->error());
    const auto& bytes = (*piece)->bytes;
    if (static_cast<std::int64_t>(bytes.size()) != most) return unread(base::make_error(base::Condition::retry, "short"));
    Outcome outcome;
    const auto began = base::Mono::now();
    if (!in_sink([&] { return parts_.sink.send_chunks(going.change, going.at, bytes); }, outcome)) return Turn::over;
    metrics::sync_send_seconds.observe(std::chrono::duration<double>(base::Mono::now() - began).count());
    metrics::sync_bytes_total.add(static_cast<std::uint64_t>(outcome.bytes));
    if (!taken(outcome)) return not_taken(outcome);
    good();
    going.at += most;
    if (going.at == going.total) going.stage = Stage::finish;
    // Paid for in time, as all that is sent; only this waits, what is more urgent does not.
    if (share && *share > 0) {
        not_before_ = base::Mono::now() + std::min(k_pace_most, std::chrono::milliseconds(outcome.bytes * 1000 / *share));
    }
    return Turn::moved;
}

AudioSender::Turn AudioSender::finish() {
    if (!is_next()) return start_over();  // its parts stay unlisted
    Outcome outcome;
    const auto utc_ms = parts_.worker.utc_ms();
    if (!in_sink([&] { return parts_.sink.finish(going_->change, going_->total, utc_ms); }, outcome)) return Turn::over;
    metrics::sync_bytes_total.add(static_cast<std::uint64_t>(outcome.bytes));
    if (!taken(outcome)) return not_taken(outcome);
    return done(outcome.known_before > 0 ? "known" : "delivered");
}

bool AudioSender::read(std::int64_t bytes, std::optional<base::Result<AudioPiece>>& piece) {
    const auto& going = *going_;
    return parts_.in_sink([&] { piece = parts_.worker.read_audio(going.recording(), going.at, bytes); });
}

bool AudioSender::in_sink(const std::function<Outcome()>& write, Outcome& outcome) {
    return parts_.in_sink([&] { outcome = write(); });
}

bool AudioSender::taken(const Outcome& outcome) const { return outcome.state == Outcome::State::taken && outcome.refused.empty(); }

AudioSender::Turn AudioSender::unread(const base::Error& why) {
    const std::string_view code = why.code;
    if (code == "purged") return done("purged");
    const bool never = why.condition != base::Condition::retry;
    const bool missing = code == "missing";
    // Without the master key nothing sealed can be read, and that will pass (D16).
    const bool key_missing = !never && parts_.worker.journal.status().encryption == "key_missing";
    if (!key_missing) ++tries_;
    const int most = missing ? k_missing_tries : never ? 1 : k_unread_tries;
    if (tries_ >= most) {
        const std::string detail = why.detail.empty() ? "" : ", " + why.detail;
        return put_aside("the recording cannot be read: " + std::string(code) + detail, why.code);
    }
    parts_.publish([&](AudioStatus& s) {
        s.state = State::behind;
        s.why = key_missing ? "key_missing" : std::string(code);
        s.code = 0;
    });
    if (failure_log_.should_log(base::Mono::now())) {
        k_log.warning("a recording cannot be read now, its sound waits",
                      {{"why", key_missing ? "key_missing" : why.code}, {"path", going_->recording().path}});
    }
    return start_over();
}

AudioSender::Turn AudioSender::not_taken(const Outcome& outcome) {
    if (outcome.state == Outcome::State::taken) {
        const auto& refused = outcome.refused.front();
        if (refused.sure || ++tries_ >= k_unsure_tries) return put_aside(refused.reason, "refused");
    }
    const bool people = outcome.state == Outcome::State::not_allowed;
    const std::string why = outcome.why.empty() ? "refused" : outcome.why;
    metrics::sync_retry_total.add(why);
    parts_.publish([&](AudioStatus& s) {
        s.state = people ? State::not_allowed : State::behind;
        s.why = why;
        s.code = outcome.code;
    });
    if (failure_log_.should_log(base::Mono::now())) {
        k_log.warning("the sink does not take the sound of a recording",
                      {{"sink", parts_.sink.name()}, {"why", why}, {"code", outcome.code}});
    }
    return wait(people ? std::min(k_people_wait, parts_.worker.again_most) : backoff_.next(parts_.worker.random()));
}

AudioSender::Turn AudioSender::wait(std::chrono::milliseconds most) {
    not_before_ = base::Mono::now() + most;
    return Turn::idle;
}

// Looked up anew after the wait: its row may have gone meanwhile.
AudioSender::Turn AudioSender::start_over() {
    going_.reset();
    return wait(backoff_.next(parts_.worker.random()));
}

AudioSender::Turn AudioSender::put_aside(const std::string& reason, const char* why) {
    if (!is_next()) return start_over();
    const auto& recording = going_->recording();
    store::DeadLetter letter;
    letter.call = recording.call;
    letter.utc_ms = parts_.worker.utc_ms();
    letter.target = parts_.sink.name();
    letter.key = parts_.sink.key_of(going_->change);
    letter.attempts = std::max(1, tries_);
    letter.reason = reason;
    letter.change = going_->change.number;
    if (!parts_.worker.journal.append(std::move(letter))) return start_over();
    metrics::dead_letter_total.add();
    k_log.error("a recording is put aside, its sound is not sent",
                {{"sink", parts_.sink.name()}, {"why", why}, {"path", recording.path}});
    return done("refused");
}

AudioSender::Turn AudioSender::done(const char* result) {
    if (!is_next()) return start_over();
    const auto turn = deliver(going_->change.number);
    if (turn != Turn::moved) return turn;
    metrics::sync_audio_total.add(result);
    const std::string_view what = result;
    parts_.publish([&](AudioStatus& s) {
        if (what == "refused") ++s.refused;
        else if (what == "purged") ++s.purged;
        else ++s.delivered;
    });
    going_.reset();
    good();
    return Turn::moved;
}

AudioSender::Turn AudioSender::deliver(std::int64_t number) {
    store::Delivered delivered{parts_.sink.name(), store::ChangeClass::recording, number};
    if (parts_.worker.journal.append(std::move(delivered))) return Turn::moved;
    return start_over();  // looked at again, and there already
}

void AudioSender::good() {
    backoff_.reset();
    parts_.publish([](AudioStatus& s) {
        s.state = State::good;
        s.why.clear();
        s.code = 0;
    });
}

}  // namespace holdfast::sync
