// Which recording is next, which piece of it, and what becomes of each: one thing at a time, in the order of
// the journal. Everything that is done is in the journal, so a restart goes on behind it: an utterance marked
// `deferred` for each piece, and an audit row for each recording. See README.md for what is done about trouble.
// One loop of its own: it reads whole files there.
#pragma once

#include "base/backoff.hpp"
#include "base/timer.hpp"
#include "log/repeat.hpp"
#include "store/journal.hpp"
#include "transcribe/file.hpp"
#include "transcribe/service.hpp"
#include "transcribe/spans.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace holdfast::transcribe {

struct Parts {
    using Send = std::function<std::shared_ptr<net::HttpStream>(net::HttpCall, net::HttpStreamListener&)>;
    base::Loop& loop;         // as journal, outlives the transcriber
    store::Journal& journal;
    std::string folder;       // of the recordings
    Send send;                // net::http_stream
    std::function<std::uint32_t()> random;
    std::function<bool()> go_on = [] { return true; };  // false: stop reading
    recording::FileKeys keys{};                         // of sealed recordings; empty: none can be read
    std::function<void(const base::CallSid&)> words{};  // a recording is finished with, and gave some; its rows are on the disk
};

class Transcriber : public std::enable_shared_from_this<Transcriber>, private net::HttpStreamListener {
  public:
    explicit Transcriber(Parts parts);
    ~Transcriber() override;

    // Null: nothing is transcribed. A piece that is under way goes on with the old one.
    void configure(std::shared_ptr<const Service> service);
    // Whether the provider is well and no call needs the line. False withdraws what is being sent.
    void allow(bool allowed);

  private:
    struct Job {
        store::UntranscribedRecording row;
        std::unique_ptr<RecordedFile> file;
        std::deque<Span> pieces;  // on the call's clock
        int words = 0, empty = 0, failed = 0;
        int attempts = 0;         // of the first piece
        std::optional<store::Utterance> answer;  // of the first piece, on its way into the journal
    };

    void go();
    void rest(base::milliseconds time);
    void look();
    void looked(const base::Result<store::Untranscribed>& found);
    void begin(store::UntranscribedRecording row);
    void begun(store::UntranscribedRecording row, const base::Result<store::CallDetail>& detail);
    bool find_pieces(Job& job, const std::vector<Span>& unheard, const store::CallDetail& detail);
    void without_file(store::UntranscribedRecording row, const base::Error& why);
    void later(const store::UntranscribedRecording& row);
    void send_piece();
    void answered(const Judgement& judgement);
    void conclude(base::Sensitive<std::string> text, bool failed);
    void store_answer();
    void stored(bool durable);
    void finish(const store::UntranscribedRecording& row, const char* result);
    void withdraw();
    template <class Fn>
    auto on_loop(Fn fn);

    // net::HttpStreamListener
    void on_http_head(const net::HttpAnswer& head) override;
    void on_http_body(std::string_view bytes) override;
    void on_http_end(const base::Result<void>& result) override;

    Parts parts_;
    std::shared_ptr<const Service> service_;
    bool allowed_ = false;
    bool busy_ = false;  // an answer of journal or service is awaited
    base::Timer rest_timer_;
    base::Backoff backoff_;  // one for all pieces: they share the service

    std::int64_t look_from_ = 0;
    bool looked_at_all_ = false;
    std::optional<std::int64_t> hold_at_;  // the next round begins here: something had to wait
    std::deque<store::UntranscribedRecording> queue_;
    std::optional<Job> job_;
    std::unordered_set<std::string> settled_;            // paths: finished with, whatever the journal says
    std::unordered_map<std::string, int> file_looks_;    // paths whose file has no last name yet
    std::unordered_map<std::string, base::TimePoint> locked_;  // paths whose key cannot be had, and when it is asked for again

    std::shared_ptr<net::HttpStream> request_;
    net::HttpAnswer answer_;
    log::RepeatGuard trouble_log_;
};

}  // namespace holdfast::transcribe
