#include "transcribe/transcriber.hpp"

#include "log/log.hpp"
#include "metrics/catalog.hpp"
#include "transcribe/limits.hpp"
#include "transcribe/pieces.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::transcribe {
namespace {

constexpr log::Logger k_log{"transcribe"};
constexpr std::int64_t k_samples_per_ms = 8;
constexpr const char* k_provider = "openai";

// Names a piece in the journal, where a second one of that name is not written.
std::string item_of(const store::Recording& recording, const Span& piece) {
    return recording.path + "#" + std::to_string(piece.from_ms);
}

}  // namespace

Transcriber::Transcriber(Parts parts)
    : parts_(std::move(parts)), rest_timer_(parts_.loop), backoff_(k_backoff_first, k_backoff_most) {}

Transcriber::~Transcriber() {
    if (request_) request_->cancel();
}

void Transcriber::configure(std::shared_ptr<const Service> service) {
    service_ = std::move(service);
    if (!service_) withdraw();
    go();
}

void Transcriber::allow(bool allowed) {
    if (std::exchange(allowed_, allowed) == allowed) return;
    if (allowed) return go();
    withdraw();
}

// What is being sent is sent again later; it is no attempt that failed.
void Transcriber::withdraw() {
    if (!request_) return;
    std::exchange(request_, nullptr)->cancel();
    busy_ = false;
    metrics::transcribe_requests_total.add("withdrawn");
}

// Makes a callback of the journal, which runs on the store thread, one of our loop.
template <class Fn>
auto Transcriber::on_loop(Fn fn) {
    return [weak = weak_from_this(), fn](auto answer) {
        const auto self = weak.lock();
        if (!self) return;
        self->parts_.loop.post([weak, fn, answer = std::move(answer)] {
            if (const auto me = weak.lock()) fn(*me, answer);
        });
    };
}

void Transcriber::rest(base::milliseconds time) {
    rest_timer_.arm(time, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->go();
    });
}

void Transcriber::go() {
    if (!allowed_ || !service_ || busy_ || rest_timer_.armed()) return;
    if (job_ && job_->answer) return store_answer();
    if (job_ && !job_->pieces.empty()) return send_piece();
    if (job_) {
        const auto job = std::exchange(job_, std::nullopt);
        return finish(job->row, job->words > 0 ? "words" : job->failed > 0 ? "failed" : "nothing");
    }
    if (!queue_.empty()) {
        auto row = std::move(queue_.front());
        queue_.pop_front();
        return begin(std::move(row));
    }
    if (looked_at_all_) {
        looked_at_all_ = false;
        if (const auto hold = std::exchange(hold_at_, std::nullopt)) look_from_ = *hold;
        return rest(k_look_every);
    }
    look();
}

// --- recordings ---

void Transcriber::look() {
    // While rows of a damaged journal are brought over, what was done may not be there yet.
    if (parts_.journal.status().reason == "quarantined") return rest(k_look_every);
    busy_ = true;
    parts_.journal.read_untranscribed(look_from_, on_loop([](Transcriber& me, const base::Result<store::Untranscribed>& found) {
        me.busy_ = false;
        me.looked(found);
    }));
}

void Transcriber::looked(const base::Result<store::Untranscribed>& found) {
    if (!found) return rest(k_look_every);
    const auto now = parts_.loop.utc_ms();
    for (const auto& row : found->recordings) {
        if (settled_.count(row.recording.path) != 0) continue;
        const auto locked = locked_.find(row.recording.path);
        const bool waits_for_key = locked != locked_.end() && parts_.loop.now() < locked->second;
        if (!waits_for_key && row.call_ended_utc_ms && *row.call_ended_utc_ms + k_ended_for_ms <= now) queue_.push_back(row);
        else later(row);
    }
    look_from_ = found->next;
    looked_at_all_ = !found->more;
    metrics::transcribe_waiting.set(static_cast<double>(queue_.size()));
    go();
}

void Transcriber::later(const store::UntranscribedRecording& row) {
    hold_at_ = std::min(hold_at_.value_or(row.row - 1), row.row - 1);
}

void Transcriber::begin(store::UntranscribedRecording row) {
    metrics::transcribe_waiting.set(static_cast<double>(queue_.size() + 1));
    busy_ = true;
    const auto call = row.recording.call;
    parts_.journal.read_call(call, on_loop([row](Transcriber& me, const base::Result<store::CallDetail>& detail) {
        me.busy_ = false;
        me.begun(row, detail);
    }));
}

void Transcriber::begun(store::UntranscribedRecording row, const base::Result<store::CallDetail>& detail) {
    if (!detail) {
        later(row);
        return rest(k_look_every);
    }
    const auto unheard = unheard_spans(*detail, row.recording);
    if (unheard.empty()) return finish(row, "nothing");
    const auto key = parts_.keys ? parts_.keys(row.recording.call) : recording::FileKey();
    auto file = RecordedFile::open(parts_.folder, row.recording.path, key);
    if (!file) return without_file(std::move(row), file.error());
    Job job;
    job.row = std::move(row);
    job.file = std::move(*file);
    if (find_pieces(job, unheard, *detail)) job_ = std::move(job);
    go();
}

// False: the recording is finished with, or has to wait.
bool Transcriber::find_pieces(Job& job, const std::vector<Span>& unheard, const store::CallDetail& detail) {
    SpeechFinder finder;
    const auto scanned = job.file->scan(job.row.recording.sha256, parts_.go_on,
                                        [&finder](std::string_view mulaw) { finder.feed(mulaw); });
    if (!scanned) {
        without_file(std::move(job.row), scanned.error());
        return false;
    }
    finder.finish();
    std::unordered_set<std::string> done;
    for (const auto& [seq, said, unreadable] : detail.utterances) {
        if (said.deferred) done.insert(said.item_id);
    }
    std::int64_t sound_ms = 0;
    for (const auto& piece : cut_pieces(finder, unheard, job.row.recording.offset_ms)) {
        if (done.count(item_of(job.row.recording, piece)) != 0) continue;
        job.pieces.push_back(piece);
        sound_ms += piece.length();
    }
    k_log.info("recording is transcribed", job.row.recording.call,
               {{"pieces", job.pieces.size()}, {"sound_ms", sound_ms}, {"done_before", done.size()}});
    return true;
}

void Transcriber::without_file(store::UntranscribedRecording row, const base::Error& why) {
    // Somebody has to bring the key; until then nothing is missing for good.
    if (std::string_view(why.code) == "key") {
        if (locked_.size() >= k_settled_max) locked_.clear();
        locked_[row.recording.path] = parts_.loop.now() + k_key_again;
        later(row);
        return go();
    }
    const bool wait = why.condition == base::Condition::retry;
    if (wait && ++file_looks_[row.recording.path] < k_file_looks_max) {
        later(row);
        return go();
    }
    k_log.error("recording cannot be transcribed", row.recording.call, {{"code", why.code}, {"detail", why.detail}});
    finish(row, std::string_view(why.code) == "damaged" ? "damaged" : "missing");
}

// The audit row is what keeps a recording from being done again.
void Transcriber::finish(const store::UntranscribedRecording& row, const char* result) {
    const auto& recording = row.recording;
    if (settled_.size() >= k_settled_max) settled_.clear();
    settled_.insert(recording.path);
    file_looks_.erase(recording.path);
    locked_.erase(recording.path);
    metrics::transcribe_recordings_total.add(result);
    metrics::transcribe_waiting.set(static_cast<double>(queue_.size()));
    k_log.notice("recording is finished with", recording.call, {{"result", result}});
    const store::Audit audit{parts_.loop.utc_ms(), "daemon", store::k_transcribed,
                             "path=" + recording.path + " result=" + result + " provider=" + k_provider +
                                 " model=" + (service_ ? service_->model : std::string()),
                             recording.call};
    if (!parts_.journal.append(audit)) k_log.error("journal queue full, the recording is done again", recording.call);
    if (parts_.words && result == std::string_view("words")) parts_.words(recording.call);
    rest(base::milliseconds(0));  // not deeper into the stack for each recording without words
}

// --- pieces ---

void Transcriber::send_piece() {
    const Span piece = job_->pieces.front();
    const auto from = (piece.from_ms - job_->row.recording.offset_ms) * k_samples_per_ms;
    const auto sound = job_->file->caller(from, piece.length() * k_samples_per_ms);
    if (!sound) {
        auto job = std::exchange(job_, std::nullopt);
        return without_file(std::move(job->row), sound.error());
    }
    metrics::transcribe_audio_ms_total.add(static_cast<std::uint64_t>(piece.length()));
    busy_ = true;
    answer_ = {};
    request_ = parts_.send(transcription_request(*service_, *sound), *this);
}

void Transcriber::on_http_head(const net::HttpAnswer& head) {
    answer_.status = head.status;
    answer_.headers = head.headers;
}

void Transcriber::on_http_body(std::string_view bytes) { answer_.body += bytes; }

void Transcriber::on_http_end(const base::Result<void>& result) {
    parts_.loop.post([gone = std::exchange(request_, nullptr)] {});  // we are inside its notice
    busy_ = false;
    const auto answer = std::exchange(answer_, {});
    answered(judge(result ? base::Result<net::HttpAnswer>(answer) : base::Result<net::HttpAnswer>(result.error())));
}

void Transcriber::answered(const Judgement& judgement) {
    using Kind = Judgement::Kind;
    metrics::transcribe_requests_total.add(judgement.result);
    const bool gave_up = judgement.kind == Kind::again && ++job_->attempts >= k_attempts_max;
    if (judgement.kind == Kind::words || judgement.kind == Kind::refused || gave_up) {
        if (judgement.kind == Kind::words) backoff_.reset();
        return conclude(judgement.text, judgement.kind != Kind::words);
    }
    const auto wait = std::max(judgement.wait.value_or(base::milliseconds(0)), backoff_.next(parts_.random()));
    if (trouble_log_.should_log(parts_.loop.now())) {
        k_log.warning("file endpoint does not serve, tried again later", job_->row.recording.call,
                      {{"result", judgement.result}, {"attempts", job_->attempts}, {"wait_ms", wait.count()},
                       {"suppressed", trouble_log_.suppressed()}});
    }
    rest(wait);
}

void Transcriber::conclude(base::Sensitive<std::string> text, bool failed) {
    const Span piece = job_->pieces.front();
    const auto& recording = job_->row.recording;
    store::Utterance row;
    row.call = recording.call;
    row.utc_ms = recording.utc_ms + piece.to_ms - recording.offset_ms;  // when it was said
    row.speaker = store::Speaker::caller;
    row.text = std::move(text);
    row.start_ms = piece.from_ms;
    row.end_ms = piece.to_ms;
    row.provider = k_provider;
    row.item_id = item_of(recording, piece);
    row.failed = failed;
    row.deferred = true;
    job_->answer = std::move(row);
    store_answer();
}

void Transcriber::store_answer() {
    busy_ = true;
    const bool taken = parts_.journal.append(*job_->answer, on_loop([](Transcriber& me, const store::Committed& committed) {
        me.busy_ = false;
        me.stored(committed.durable);
    }));
    if (taken) return;
    busy_ = false;
    stored(false);
}

void Transcriber::stored(bool durable) {
    if (!durable) return rest(k_look_every);  // and append it again
    const auto answer = *std::exchange(job_->answer, std::nullopt);
    const auto chars = answer.text.reveal().size();
    const char* const result = answer.failed ? "failed" : chars > 0 ? "words" : "empty";
    ++(answer.failed ? job_->failed : chars > 0 ? job_->words : job_->empty);
    metrics::transcribe_pieces_total.add(result);
    k_log.info("piece of a recording is written down", answer.call,
               {{"result", result}, {"sound_ms", answer.end_ms - answer.start_ms}, {"chars", chars}});
    job_->pieces.pop_front();
    job_->attempts = 0;
    go();
}

}  // namespace holdfast::transcribe
