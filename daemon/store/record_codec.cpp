#include "store/record_codec.hpp"

#include "store/bytes.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <type_traits>
#include <utility>

namespace holdfast::store {
namespace {

// The members of each record, once, for both directions. A tag is the index in Record. A new member goes
// to the end, under a tag of its own from k_first_late_tag on, so that a file from before an upgrade is
// still read: those rows were acknowledged.
constexpr std::size_t k_first_late_tag = 64;
constexpr std::size_t k_deferred_utterance = k_first_late_tag;
constexpr std::size_t k_told_dead_letter = k_first_late_tag + 1;  // has its change behind its members
static_assert(std::variant_size_v<Record> <= k_first_late_tag);

template <class Archive, class Row>
void members(Archive& a, Row& row) {
    using T = std::remove_const_t<Row>;
    if constexpr (std::is_same_v<T, CallOpened>) {
        a(row.call), a(row.utc_ms), a(row.account_sid), a(row.from), a(row.to), a(row.direction);
        a(row.attestation), a(row.status), a(row.rung), a(row.decision);
    } else if constexpr (std::is_same_v<T, CallChanged>) {
        a(row.call), a(row.utc_ms), a(row.offset_ms), a(row.status), a(row.rung), a(row.stream_sid);
    } else if constexpr (std::is_same_v<T, CallEnded>) {
        a(row.call), a(row.utc_ms), a(row.offset_ms), a(row.reason);
    } else if constexpr (std::is_same_v<T, Utterance>) {
        a(row.call), a(row.utc_ms), a(row.speaker), a(row.text), a(row.start_ms), a(row.end_ms);
        a(row.provider), a(row.item_id), a(row.failed), a(row.interrupted), a(row.played_ms);
        a(row.total_ms), a(row.response_us), a(row.vad_us), a(row.provider_us), a(row.box_us);
    } else if constexpr (std::is_same_v<T, Seam>) {
        a(row.call), a(row.utc_ms), a(row.offset_ms), a(row.kind), a(row.from_rung), a(row.to_rung);
        a(row.reason);
    } else if constexpr (std::is_same_v<T, Audit>) {
        a(row.utc_ms), a(row.actor), a(row.action), a(row.detail), a(row.call);
    } else if constexpr (std::is_same_v<T, Recording>) {
        a(row.call), a(row.utc_ms), a(row.offset_ms), a(row.path), a(row.sha256), a(row.duration_ms);
        a(row.lost_ms), a(row.legs), a(row.retention_class);
    } else if constexpr (std::is_same_v<T, Fact>) {
        a(row.call), a(row.utc_ms), a(row.offset_ms), a(row.slot), a(row.source), a(row.value), a(row.normal);
        a(row.kind), a(row.known), a(row.denied), a(row.confidence), a(row.turn), a(row.begin), a(row.end);
    } else if constexpr (std::is_same_v<T, Incident>) {
        a(row.call), a(row.utc_ms), a(row.offset_ms), a(row.rev), a(row.type), a(row.also), a(row.priority);
        a(row.place), a(row.place_kind), a(row.place_known), a(row.differ), a(row.questions);
    } else if constexpr (std::is_same_v<T, Dispatch>) {
        a(row.call), a(row.utc_ms), a(row.offset_ms), a(row.number), a(row.state), a(row.rule), a(row.type);
        a(row.priority), a(row.place), a(row.incomplete), a(row.actor), a(row.reason);
    } else if constexpr (std::is_same_v<T, Outbox>) {
        a(row.call), a(row.utc_ms), a(row.offset_ms), a(row.target), a(row.key), a(row.step), a(row.attempts), a(row.body);
    } else if constexpr (std::is_same_v<T, DeadLetter>) {
        a(row.call), a(row.utc_ms), a(row.offset_ms), a(row.target), a(row.key), a(row.attempts), a(row.reason);
        a(row.body);
    } else if constexpr (std::is_same_v<T, Purge>) {
        a(row.call), a(row.utc_ms), a(row.words_only), a(row.actor), a(row.reason);
    } else if constexpr (std::is_same_v<T, PurgeAudit>) {
        a(row.utc_ms), a(row.before_utc_ms);
    } else {
        static_assert(std::is_same_v<T, Delivered>);
        a(row.sink), a(row.change_class), a(row.number);
    }
}

class Encoder {
  public:
    explicit Encoder(std::string& out) : out_(out) {}
    void operator()(std::int64_t v) { put_u64(out_, static_cast<std::uint64_t>(v)); }
    void operator()(bool v) { out_.push_back(v ? '\1' : '\0'); }
    void operator()(Speaker v) { (*this)(v == Speaker::voice); }
    void operator()(ChangeClass v) { (*this)(static_cast<std::int64_t>(v)); }
    void operator()(const std::string& v) {
        put_u32(out_, static_cast<std::uint32_t>(v.size()));
        out_ += v;
    }
    void operator()(const Text& v) { (*this)(v.reveal()); }
    void operator()(const CallSid& v) { (*this)(v.str()); }
    template <class T>
    void operator()(const std::optional<T>& v) {
        (*this)(v.has_value());
        if (v) (*this)(*v);
    }

  private:
    std::string& out_;
};

// Reads past the end, or a value that cannot be, make it bad for good; what it yields then is ignored.
class Decoder {
  public:
    explicit Decoder(std::string_view bytes) : bytes_(bytes) {}
    bool complete() const { return !bad_ && bytes_.empty(); }

    void operator()(std::int64_t& v) { v = static_cast<std::int64_t>(get_u64(take(8))); }
    void operator()(bool& v) {
        const auto byte = take(1);
        v = byte == "\1";
        bad_ = bad_ || (!v && byte != std::string_view("\0", 1));
    }
    void operator()(Speaker& v) {
        bool voice = false;
        (*this)(voice);
        v = voice ? Speaker::voice : Speaker::caller;
    }
    void operator()(ChangeClass& v) {
        std::int64_t number = 0;
        (*this)(number);
        v = static_cast<ChangeClass>(number);
        bad_ = bad_ || std::find(std::begin(k_change_classes), std::end(k_change_classes), v) == std::end(k_change_classes);
    }
    void operator()(std::string& v) { v.assign(take(get_u32(take(4)))); }
    void operator()(Text& v) { (*this)(v.reveal()); }
    void operator()(CallSid& v) {
        std::string text;
        (*this)(text);
        const auto sid = CallSid::parse(text);
        bad_ = bad_ || !(sid || text.empty());
        if (sid) v = *sid;
    }
    template <class T>
    void operator()(std::optional<T>& v) {
        bool present = false;
        (*this)(present);
        if (present) (*this)(v.emplace());
    }

  private:
    std::string_view take(std::size_t count) {
        if (bad_ || bytes_.size() < count) {
            bad_ = true;
            return {};
        }
        const auto taken = bytes_.substr(0, count);
        bytes_.remove_prefix(count);
        return taken;
    }

    std::string_view bytes_;
    bool bad_ = false;
};

// The alternative of Record whose index is the tag.
template <std::size_t Index = 0>
bool decode(std::size_t tag, Decoder& decoder, Record& record) {
    if constexpr (Index == std::variant_size_v<Record>) {
        return false;
    } else {
        if (tag != Index) return decode<Index + 1>(tag, decoder, record);
        members(decoder, record.emplace<Index>());
        return decoder.complete();
    }
}

}  // namespace

void append_record(std::string& out, const Record& record) {
    const auto* utterance = std::get_if<Utterance>(&record);
    const auto* letter = std::get_if<DeadLetter>(&record);
    const bool deferred = utterance != nullptr && utterance->deferred;
    const bool told = letter != nullptr && letter->change != 0;
    out.push_back(static_cast<char>(deferred ? k_deferred_utterance : told ? k_told_dead_letter : record.index()));
    Encoder encoder(out);
    std::visit([&encoder](const auto& row) { members(encoder, row); }, record);
    if (told) encoder(letter->change);
}

std::optional<Record> parse_record(std::string_view bytes) {
    if (bytes.empty()) return std::nullopt;
    Decoder decoder(bytes.substr(1));
    Record record;
    const std::size_t tag = static_cast<unsigned char>(bytes.front());
    if (tag == k_deferred_utterance) {
        auto& utterance = record.emplace<Utterance>();
        members(decoder, utterance);
        utterance.deferred = true;
    } else if (tag == k_told_dead_letter) {
        auto& letter = record.emplace<DeadLetter>();
        members(decoder, letter);
        decoder(letter.change);
    } else {
        if (!decode(tag, decoder, record)) return std::nullopt;
        return record;
    }
    if (!decoder.complete()) return std::nullopt;
    return record;
}

}  // namespace holdfast::store
