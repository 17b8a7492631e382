# Makes a tree of everything a file system can hold in the current directory; what needs root only as root, what the file system has
# no place for is left out.
odd_tree() {
  local root=false
  [[ $(id -u) == 0 ]] && root=true
  mkdir -p plain empty_dir deep/er/still sticky setgid closed acl links/other
  echo content >plain/file && : >plain/empty && printf '#!/bin/sh\n' >plain/run && chmod 755 plain/run
  head -c 300000 /dev/urandom >plain/large
  echo x >'plain/name with space' && echo x >$'plain/new\nline' && echo x >$'plain/\xff\xfe' && echo x >plain/-dash
  echo r >plain/read_only && chmod 444 plain/read_only
  echo s >plain/suid && chmod 4755 plain/suid && echo g >plain/sgid && chmod 2755 plain/sgid
  $root && { echo n >plain/unreadable && chmod 000 plain/unreadable; }
  chmod 1777 sticky && chmod 2755 setgid
  ln -s ../plain/file deep/link && ln -s /nowhere deep/dangling && ln -s . deep/er/loop
  mkfifo -m 640 fifo
  # Hard links: in one directory, across directories, of a large file, of a symlink and of a fifo.
  echo linked >links/a && ln links/a links/b && ln links/a links/other/c && ln links/a aaa
  ln plain/large links/large && ln -P deep/link links/link && ln fifo links/fifo
  # Holes: most of a large file, of one that is stored inline, all of one, at the end; and zeros that are none.
  truncate -s 8M holes && printf data | dd of=holes bs=1 seek=4000000 conv=notrunc status=none
  truncate -s 40K small_holes && printf data | dd of=small_holes bs=1 seek=20000 conv=notrunc status=none
  truncate -s 3M all_hole
  head -c 1M /dev/zero >zeros
  # Times to the nanosecond, before 1970, after 2038.
  touch -d '2001-02-03 04:05:06.123456789Z' plain/file && touch -d '1969-12-31 23:59:58.5Z' plain/empty
  touch -d '2100-01-01 00:00:00.000000001Z' plain/run && touch -h -d '2002-02-02 02:02:02.2Z' deep/dangling
  if setfattr -n user.probe -v 1 plain/file 2>/dev/null; then
    setfattr -x user.probe plain/file
    setfattr -n user.small -v value plain/file && setfattr -n user.empty plain/file
    setfattr -n user.binary -v 0x00ff0a00 plain/file
    setfattr -n user.large -v "$(head -c 2000 /dev/zero | tr '\0' v)" plain/large
    setfattr -n user.on_directory -v d deep && setfattr -n user.on_read_only -v r plain/run
  fi
  if setfacl -m u:12345:rw acl 2>/dev/null; then
    echo a >acl/file && setfacl -m u:12345:rw,g:23456:r acl/file && setfacl -d -m u:12345:rwx acl
  fi
  if $root; then
    chown 1234:5678 plain/run && chown -h 4321:8765 deep/dangling && chown 7:8 deep/er && chown 99:98 fifo
    chown 1000:1000 plain/suid && chmod 6755 plain/suid
    mknod null c 1 3 && mknod -m 660 disk b 7 200
    setfattr -n trusted.note -v t plain/file 2>/dev/null || true
    setfattr -h -n trusted.on_link -v l deep/dangling 2>/dev/null || true
    setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 plain/run 2>/dev/null || true
  fi
  echo in >closed/in && chmod 555 closed
  touch -d '2003-03-03 03:03:03.3Z' deep/er/still empty_dir sticky setgid acl links/other
  touch -d '2004-04-04 04:04:04.4Z' closed deep/er links plain && touch -d '2005-05-05 05:05:05.5Z' deep
}

# What independent tools say of a tree: kinds, modes, owners, times, sizes, links; ACLs; extended attributes; which are one file.
describe_tree() {
  (cd "$1" && find . -path ./.store -prune -o -mindepth 1 -printf '%P\0%y %m %U:%G %T@ %s %n %l\0' | tr '\n\0' '?\n' | paste - - | sort
   find . -path ./.store -prune -o ! -type l -print0 | sort -z | xargs -0 getfacl -n 2>/dev/null
   find . -path ./.store -prune -o -print0 | sort -z | xargs -0 getfattr -h -d -m - -e hex 2>/dev/null
   find . -path ./.store -prune -o -type d -o -links +1 -printf '%i\0%P\0' | tr '\n\0' '?\n' | paste - - | sort -k 2 |
     awk -F '\t' '!($1 in first) { first[$1] = $2 } { print $2 " is " first[$1] }')
}
