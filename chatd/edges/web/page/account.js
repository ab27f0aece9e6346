// What of an account goes by HTTP: the cookie that a browser keeps, so that a reload needs no password.

const JSON_TYPE = 'application/json';

async function post(path, value) {
  const headers = { 'Content-Type': JSON_TYPE, Accept: JSON_TYPE };
  const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(value), credentials: 'same-origin' });
  const body = answer.headers.get('Content-Type')?.startsWith(JSON_TYPE) ? await answer.json() : {};
  return { ok: answer.ok, body };
}

/** The nick of the account that the cookie belongs to; null without one. */
export async function whoAmI() {
  try {
    const answer = await fetch('/-/session', { headers: { Accept: JSON_TYPE }, credentials: 'same-origin' });
    const body = answer.ok ? await answer.json() : {};
    return typeof body.nick === 'string' && body.nick ? body.nick : null;
  } catch {
    return null;
  }
}

/** Have a cookie for a password; it does no harm if there is none. */
export async function logIn(nick, password) {
  try {
    return (await post('/-/login', { nick, password })).ok;
  } catch {
    return false;
  }
}

export async function logOut() {
  try {
    await post('/-/logout', {});
  } catch {
    // nobody is there: the cookie goes when it ends
  }
}

/** Become an operator by a link that works once; return a sentence that says why that was not to be, or nothing. */
export async function redeem(code) {
  try {
    const { ok, body } = await post('/-/redeem', { code });
    return ok ? '' : String(body.text ?? body.error ?? '?');
  } catch (error) {
    return String(error.message);
  }
}
