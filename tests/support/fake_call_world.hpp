// A call's surroundings that a test can read and drive: a journal in memory, a feed, a voice and a leg
// that remember what they were told. Time is a FakeLoop.
#pragma once

#include "base/base64.hpp"
#include "call/call.hpp"
#include "call/feed.hpp"
#include "call/leg.hpp"
#include "store/journal.hpp"
#include "support/fake_loop.hpp"
#include "support/silent_journal.hpp"
#include "voice/voice.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::test {

class FakeJournal : public SilentJournal {
  public:
    bool append(store::Record record, store::Ack ack) override {
        if (full) return false;
        records.push_back(std::move(record));
        if (ack) ack(store::Committed{true, false, static_cast<std::int64_t>(records.size())});
        return true;
    }

    template <class Row>
    std::vector<Row> rows() const {
        std::vector<Row> out;
        for (const auto& record : records) {
            if (const auto* row = std::get_if<Row>(&record)) out.push_back(*row);
        }
        return out;
    }

    bool full = false;
    std::vector<store::Record> records;
};

class FakeFeed : public call::FeedSink {
  public:
    void publish(call::FeedEvent event) override { events.push_back(std::move(event)); }
    std::vector<std::string> kinds() const {
        std::vector<std::string> out;
        for (const auto& event : events) out.push_back(event.kind);
        return out;
    }
    std::vector<call::FeedEvent> events;
};

class FakeVoice : public voice::Voice {
  public:
    explicit FakeVoice(voice::VoiceListener& l) : listener(l) {}
    void open() override { opened = true; }
    void prove(const voice::Handover& told) override {
        proven = true;
        handover = told;
    }
    void caller_audio(std::string_view base64) override { heard.emplace_back(base64); }
    void caller_keys(std::string_view pressed) override { keys.emplace_back(pressed); }
    void item_played(std::string_view item) override { played.emplace_back(item); }
    void interrupted(const std::vector<voice::PlayedItem>& items) override { cut = items; }
    void cancel_response() override { ++cancels; }
    void dispatch_acknowledged(std::string_view result) override { acknowledged.emplace_back(result); }
    bool ready() const override { return configured && proven; }
    bool hears() const override { return ears; }
    void unheard(std::int64_t since_ms, const Give& give) override {
        unheard_since_ms = since_ms;
        for (const auto& piece : not_written_down) give(piece);
    }
    bool hang_up(bool speaking) override {
        spoke_at_the_end = speaking;
        return owes > 0;
    }
    bool owes_words() const override { return owes > 0; }
    std::string_view provider() const override { return ladder::to_string(rung); }
    void stop(std::string_view reason) override {
        if (stopped.empty()) stopped.assign(reason);
    }

    void become_ready() {
        configured = true;
        listener.on_voice_ready();
    }
    std::int64_t heard_ms() const {
        std::size_t bytes = 0;
        for (const auto& piece : heard) bytes += base::base64_decoded_bytes(piece);
        return static_cast<std::int64_t>(bytes / 8);
    }

    voice::VoiceListener& listener;
    std::vector<std::string> acknowledged;
    ladder::Rung rung = ladder::Rung::openai;
    bool ears = true;
    std::vector<std::string> not_written_down;  // what unheard() gives
    std::int64_t unheard_since_ms = -2;         // what it was told; -2: not asked
    bool opened = false, proven = false, configured = false;
    int cancels = 0;
    int owes = 0;  // utterances that will still come
    bool spoke_at_the_end = false;
    voice::Handover handover;
    std::string stopped;
    std::vector<std::string> heard, keys, played;
    std::vector<voice::PlayedItem> cut;
};

class FakeLeg : public call::Leg {
  public:
    explicit FakeLeg(FakeLoop& loop) : loop_(loop) {}
    bool send_media(std::string_view base64) override {
        media.emplace_back(base64);
        media_at.push_back(loop_.now());
        sent_bytes_ += base::base64_decoded_bytes(base64);
        return true;
    }
    bool send_mark(std::string_view name) override {
        marks.emplace_back(name);
        waiting_.emplace_back(sent_bytes_, name);
        return true;
    }
    bool send_clear() override {
        ++clears;
        played_bytes_ = sent_bytes_;  // the buffer is empty, and pending marks come back
        return true;
    }
    // Twilio's playout: `ms` of what was sent sounds; the marks behind it come back.
    std::vector<std::string> play(std::int64_t ms) {
        played_bytes_ = std::min(sent_bytes_, played_bytes_ + static_cast<std::size_t>(ms * 8));
        std::vector<std::string> back;
        while (!waiting_.empty() && waiting_.front().first <= played_bytes_) {
            back.push_back(waiting_.front().second);
            waiting_.pop_front();
        }
        return back;
    }
    bool playing() const { return played_bytes_ < sent_bytes_ || !waiting_.empty(); }
    void ping() override { ++pings; }
    base::TimePoint blocked_since() const override { return blocked ? *blocked : loop_.now(); }
    std::optional<base::milliseconds> round_trip() const override { return rtt; }
    void close(std::string_view reason) override { closed.assign(reason); }

    std::int64_t media_ms() const {
        std::size_t bytes = 0;
        for (const auto& piece : media) bytes += base::base64_decoded_bytes(piece);
        return static_cast<std::int64_t>(bytes / 8);
    }

    std::vector<std::string> media, marks;
    std::vector<base::TimePoint> media_at;
    int clears = 0, pings = 0;
    std::optional<base::TimePoint> blocked;
    std::optional<base::milliseconds> rtt;
    std::string closed;

  private:
    FakeLoop& loop_;
    std::size_t sent_bytes_ = 0, played_bytes_ = 0;
    std::deque<std::pair<std::size_t, std::string>> waiting_;
};

// `milliseconds` of mu-law as base64 text.
inline std::string audio_ms(std::int64_t milliseconds, char sample = '\x55') {
    return base::base64_encode(std::string(static_cast<std::size_t>(milliseconds * 8), sample));
}

inline constexpr char k_sid[] = "CA00000000000000000000000000000911";
inline constexpr char k_stream[] = "MZ00000000000000000000000000000001";

inline twilio::VoiceRequest voice_request(std::string_view sid = k_sid) {
    twilio::VoiceRequest request;
    request.call = *base::CallSid::parse(sid);
    request.account_sid = "AC00000000000000000000000000000001";
    request.from = base::Sensitive<std::string>("+15550100123");
    request.to = base::Sensitive<std::string>("+15550100199");
    request.direction = "inbound";
    request.call_status = "ringing";
    return request;
}

inline twilio::StartInfo start_info() {
    twilio::StartInfo start;
    start.stream = *base::StreamSid::parse(k_stream);
    start.call = *base::CallSid::parse(k_sid);
    start.encoding = "audio/x-mulaw";
    start.sample_rate = 8000;
    start.channels = 1;
    return start;
}

class FakeRecorder : public recording::Recorder {
  public:
    struct Kept {
        recording::Start start;
        std::int64_t caller_ms = 0, box_ms = 0;
        int cleared = 0;
        bool finished = false;
    };
    recording::RecordingHandle start(const recording::Start& start) override {
        kept.push_back(std::make_shared<Kept>());
        kept.back()->start = start;
        return std::make_unique<One>(kept.back());
    }
    std::vector<std::shared_ptr<Kept>> kept;

  private:
    class One : public recording::Recording {
      public:
        explicit One(std::shared_ptr<Kept> k) : kept_(std::move(k)) {}
        ~One() override { kept_->finished = true; }
        void caller(std::string_view base64, std::int64_t) override { kept_->caller_ms += ms(base64); }
        void box(std::string_view base64, std::int64_t) override { kept_->box_ms += ms(base64); }
        void box_cleared(std::int64_t) override { ++kept_->cleared; }
        void finish() override { kept_->finished = true; }

      private:
        static std::int64_t ms(std::string_view base64) {
            return static_cast<std::int64_t>(base::base64_decoded_bytes(base64)) / 8;
        }
        std::shared_ptr<Kept> kept_;
    };
};

inline ladder::Settings rungs(std::vector<ladder::Rung> list) {
    ladder::Settings settings;
    settings.rungs = std::move(list);
    return settings;
}

// Everything one Call needs, wired. `voice` is the fake that was made last, `made` all of them.
class CallWorld : private call::CallOwner {
  public:
    explicit CallWorld(std::vector<ladder::Rung> list = {ladder::Rung::openai, ladder::Rung::person})
        : ladder(rungs(std::move(list)), loop.now(), 7),
          env{loop, journal, feed, clips,
              [this](ladder::Rung rung, const base::CallSid&, voice::VoiceListener& listener)
                  -> std::shared_ptr<voice::Voice> {
                  voice = std::make_shared<FakeVoice>(listener);
                  voice->rung = rung;
                  made.push_back(voice);
                  return voice;
              },
              ladder, settings, recorder} {
        clips.add("greeting", "en", {audio_ms(2000), "Nine one one. What is the address?"});
        clips.add("person", "en", {audio_ms(1000), "Please stay on the line."});
        clips.add("filler", "en", {audio_ms(800), "One moment, please."});
        clips.add("stall", "en", {audio_ms(900), "There was a short interruption."});
        clips.add("help_coming", "en", {audio_ms(700), "Help is on the way."});
        clips.add("person_offer", "en", {audio_ms(700), "To talk to a person, press zero."});
        clips.add("silence_prompt", "en", {audio_ms(900), "Are you there?"});
        clips.add("silence_keys", "en", {audio_ms(900), "Press 1 for yes."});
        settings->person_words = {"operator", "a real person"};
    }

    void admit() {
        call::CallOwner& owner = *this;
        call = std::make_shared<call::Call>(env, owner, voice_request(), ladder.best(loop.now()));
        call->admit();
    }
    // Admitted, stream started, voice ready; the greeting has been played and confirmed.
    void talk() {
        admit();
        start();
        voice->become_ready();
        hear_everything();
        leg.media.clear();
        leg.media_at.clear();
        leg.marks.clear();
    }
    void start() { call->stream_started(leg, start_info()); }
    // Lets time pass until everything sent has sounded and its marks have come back.
    void hear_everything() {
        do pass(20);
        while (leg.playing() && call->phase() != call::Phase::ended);
    }
    // One step: caller audio keeps flowing, so that the media watchdog stays quiet.
    void pass(std::int64_t ms) {
        frame(ms);
        loop.advance(std::chrono::milliseconds(ms));
        for (const auto& mark : leg.play(ms)) call->mark(mark);
    }
    void frame(std::int64_t ms = 20) {
        event.kind = twilio::EventKind::media;
        event.track = "inbound";
        event.chunk = ++chunk;
        event.timestamp_ms = timestamp;
        payload = payload_override.empty() ? audio_ms(ms) : payload_override;
        event.payload = payload;
        timestamp += ms;
        if (call->phase() != call::Phase::ended) call->media(event);
    }

    FakeLoop loop;
    FakeJournal journal;
    FakeFeed feed;
    FakeRecorder recorder;
    voice::Clips clips;
    std::shared_ptr<call::CallSettings> settings = std::make_shared<call::CallSettings>();
    ladder::Ladder ladder;
    call::Environment env;
    std::shared_ptr<FakeVoice> voice;
    std::vector<std::shared_ptr<FakeVoice>> made;
    FakeLeg leg{loop};
    std::shared_ptr<call::Call> call;
    std::string ended;
    bool gone = false;
    twilio::StreamEvent event;
    std::string payload, payload_override;  // what the caller's frames hold
    std::int64_t chunk = 0, timestamp = 0;

  private:
    void on_call_ended(call::Call&, std::string_view reason) override { ended.assign(reason); }
    void on_call_gone(call::Call&) override { gone = true; }
};

}  // namespace holdfast::test
