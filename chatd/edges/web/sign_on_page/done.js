// Lets the page know that this browser is logged in, and goes there.

try {
  localStorage.setItem('chatd.account', 'true');
  sessionStorage.removeItem('chatd.nick');
} catch {
  // where nothing may be kept, the page asks
}
location.replace(document.getElementById('on').href);
