#pragma once

namespace store {

/// A shared library that few commands need, loaded when one of them does: linked, it would be loaded, with all that it needs in
/// turn, by every command. Never unloaded, since its threads and exit handlers may be alive.
class SharedLibrary {
 public:
  /// Throws Error{system} "SONAME: REASON" if it cannot be loaded.
  explicit SharedLibrary(const char* soname);

  /// A function of the library; converts to a pointer of the type that the library's header declares.
  class Symbol {
   public:
    explicit Symbol(void* address) : address_(address) {}
    template <typename Function>
    operator Function*() const {
      return reinterpret_cast<Function*>(address_);
    }

   private:
    void* address_;
  };

  /// Throws Error{system} "SONAME: REASON" if there is none of this name.
  Symbol operator[](const char* name) const;

 private:
  const char* soname_;
  void* handle_;
};

}  // namespace store
