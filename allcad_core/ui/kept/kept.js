// Writes the name of the visit into a cookie of the browser's session; a reload sends it along.
export default function ({ data }) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${data.name}=${data.value}; path=/; SameSite=Strict${secure}`;
}
