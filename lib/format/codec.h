// Small pieces that the record codecs of this module share; private to format.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "base/object_id.h"

namespace store {

inline void put_id(ByteWriter& out, const ObjectId& id) { out.raw(id.view()); }
inline ObjectId get_id(ByteReader& in) { return ObjectId::from_bytes(in.raw(32)); }

/// Text with a u32 length before it.
void put_text(ByteWriter& out, std::string_view text);
std::string get_text(ByteReader& in);

/// Signed integers travel as their two's complement.
inline void put_i64(ByteWriter& out, std::int64_t value) { out.u64(static_cast<std::uint64_t>(value)); }
inline std::int64_t get_i64(ByteReader& in) { return static_cast<std::int64_t>(in.u64()); }

/// A u32 count of items of at least `item_size` bytes each: checked against what is left, so that a hostile
/// count never allocates more than the record's own size.
std::uint32_t get_count(ByteReader& in, std::size_t item_size);

/// The count as u32; Error{bug} if it does not fit.
std::uint32_t count_u32(std::size_t count);

[[noreturn]] void throw_bug(std::string message);

/// %XX in upper-case hex for each byte below 0x20, 0x7f, '%' and, with `angles`, '<' and '>'.
enum class Angles : bool { keep, escape };
std::string percent_escape(std::string_view text, Angles angles);
/// Undoes percent_escape; nothing if an escape is malformed. Whether the text was canonical is the caller's to
/// check, by escaping again.
std::optional<std::string> percent_unescape(std::string_view text);

}  // namespace store
