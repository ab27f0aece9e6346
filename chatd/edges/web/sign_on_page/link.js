// Adds "Log in with ..." to the sheet for signing in; the server puts it into the page where there is a provider.

const { label } = document.querySelector('script[data-label]').dataset;
const WORDS = { de: 'Anmelden mit', en: 'Log in with' };

function link() {
  const made = document.createElement('a');
  const [, room] = location.pathname.split('/');
  made.href = `/-/oidc${room ? `?room=${room.replaceAll('+', '%2B')}` : ''}`;
  made.className = 'link with-provider';
  made.textContent = `${WORDS[document.documentElement.lang] ?? WORDS.en} ${label}`;
  return made;
}

function add() {
  for (const others of document.querySelectorAll('dialog.sign .others:not(:has(.with-provider))')) others.prepend(link());
}

new MutationObserver(add).observe(document.body, { childList: true });
add();
